#include "server/keyspace/space.h"

#include <algorithm>
#include <ranges>
#include <string>

#include "base/error.h"
#include "io/system_environment.h"

namespace amethyst::server {

namespace {

constexpr std::array<std::string_view, kParts> kFamilyNames = {"keys", "data", "order", "ttl", "sys"};
constexpr std::string_view kNextIdKey = "i";
// Ids are given out from memory, and the engine hears of them so many at a time: a crash loses those, and no more.
constexpr uint64_t kLease = uint64_t{1} << 20;

// There are families of other names, or entries in the family that every database has, which the server leaves empty.
bool IsForeign(DB& db, const std::vector<std::string>& families) {
  for (const std::string& name : families) {
    if (name != "default" && std::ranges::find(kFamilyNames, name) == kFamilyNames.end()) return true;
  }
  Iterator entries = db.NewIterator();
  entries.SeekToFirst();
  return entries.Valid();
}

std::string CountKey(unsigned stored) { return {'n', static_cast<char>(stored)}; }

}  // namespace

Result<std::unique_ptr<Space>> Space::Open(const std::filesystem::path& path, const Options& options,
                                           Components components) {
  if (!components.environment) components.environment = io::DefaultEnvironment();
  Place place{.path = path, .environment = components.environment};
  AMETHYST_ASSIGN(auto db, DB::Open(path, options, std::move(components)));
  const std::vector<std::string> names = db->FamilyNames();
  if (IsForeign(*db, names)) {
    return base::InvalidArgument("{}: a database that holds something else than this server's", path.string());
  }
  std::vector<Family> families;
  for (const std::string_view name : kFamilyNames) {
    const bool is_there = std::ranges::find(names, name) != names.end();
    AMETHYST_ASSIGN(Family family, is_there ? db->OpenFamily(name) : db->CreateFamily(name));
    families.push_back(std::move(family));
  }
  std::unique_ptr<Space> space(new Space(std::move(db), std::move(families), std::move(place)));
  AMETHYST_TRY(space->Load());
  return space;
}

Space::Space(std::unique_ptr<DB> db, std::vector<Family> families, Place place)
    : db_(std::move(db)),
      families_(std::move(families)),
      path_(std::move(place.path)),
      environment_(std::move(place.environment)) {}

Space::~Space() = default;

Status Space::Load() {
  const Family& sys = family(Part::kSys);
  for (unsigned database = 0; database < kDatabases; ++database) {
    stored_[database] = static_cast<uint16_t>(database);
    AMETHYST_ASSIGN(const auto value, sys.Get(DatabaseKey(database)));
    if (!value) continue;
    if (value->size() != 2 || ReadBigEndian(*value, 0, 2) >= kDatabases) {
      return base::Corruption("family sys: database {} is said to be stored as {} bytes of no number from 0 to {}",
                              database, value->size(), kDatabases - 1);
    }
    stored_[database] = static_cast<uint16_t>(ReadBigEndian(*value, 0, 2));
  }
  AMETHYST_ASSIGN(const auto next_id, sys.Get(kNextIdKey));
  if (next_id) {
    if (next_id->size() != 8) return base::Corruption("family sys: the next id has {} bytes, not 8", next_id->size());
    next_id_ = leased_to_ = ReadBigEndian(*next_id, 0, 8);
  }
  AMETHYST_ASSIGN(const bool counted, LoadCounts());
  return counted ? Status() : Recount();
}

// What a clean close has left. The counts on disk go at once: they are true of this moment alone.
Result<bool> Space::LoadCounts() {
  bool all = true;
  WriteBatch forget;
  for (unsigned stored = 0; stored < kDatabases; ++stored) {
    AMETHYST_ASSIGN(const auto value, family(Part::kSys).Get(CountKey(stored)));
    if (!value || value->size() != 16) {
      all = false;
      continue;
    }
    key_counts_[stored] = static_cast<int64_t>(ReadBigEndian(*value, 0, 8));
    expiring_counts_[stored] = static_cast<int64_t>(ReadBigEndian(*value, 8, 8));
    forget.Delete(family(Part::kSys), CountKey(stored));
  }
  if (!forget.Empty()) AMETHYST_TRY(db_->Write(forget));
  return all;
}

Status Space::Recount() {
  key_counts_ = {};
  expiring_counts_ = {};
  Iterator keys = family(Part::kKeys).NewIterator({.fill_cache = false});
  for (keys.SeekToFirst(); keys.Valid(); keys.Next()) {
    const auto record = DecodeRecord(keys.value());
    if (keys.key().size() < kKeyPrefixBytes || DatabaseOfKeysKey(keys.key()) >= kDatabases || !record) {
      return base::Corruption("family keys: an entry of {} and {} bytes is none of the server's", keys.key().size(),
                              keys.value().size());
    }
    AddToCounts(DatabaseOfKeysKey(keys.key()), 1, record->expires_ms != kNoExpiry ? 1 : 0);
  }
  return keys.status();
}

Status Space::Close() {
  WriteBatch batch;
  for (unsigned stored = 0; stored < kDatabases && !counts_are_estimates_; ++stored) {
    std::string value;
    AppendBigEndian(&value, static_cast<uint64_t>(key_counts_[stored]), 8);
    AppendBigEndian(&value, static_cast<uint64_t>(expiring_counts_[stored]), 8);
    batch.Put(family(Part::kSys), CountKey(stored), value);
  }
  std::string next_id;
  AppendBigEndian(&next_id, next_id_, 8);
  batch.Put(family(Part::kSys), kNextIdKey, next_id);
  const Status kept = db_->Write(batch);  // Without it the next open counts, and skips some ids.
  const Status closed = db_->Close();
  return kept ? closed : kept;
}

Status Space::MakeDurable() {
  if (!has_unsynced_) return {};
  AMETHYST_TRY(db_->SyncWal());
  has_unsynced_ = false;
  return {};
}

std::string Space::DatabaseKey(unsigned database) { return {'d', static_cast<char>(database)}; }

Result<uint64_t> Space::NewId() {
  if (next_id_ == leased_to_) AMETHYST_TRY(LeaseIds());
  return next_id_++;
}

// The log has the lease before any batch that uses an id of it.
Status Space::LeaseIds() {
  std::string value;
  AppendBigEndian(&value, leased_to_ + kLease, 8);
  AMETHYST_TRY(family(Part::kSys).Put(kNextIdKey, value));
  leased_to_ += kLease;
  return {};
}

void Space::AddToCounts(uint16_t stored, int64_t keys, int64_t expiring) {
  key_counts_[stored] = std::max<int64_t>(key_counts_[stored] + keys, 0);
  expiring_counts_[stored] = std::max<int64_t>(expiring_counts_[stored] + expiring, 0);
}

}  // namespace amethyst::server
