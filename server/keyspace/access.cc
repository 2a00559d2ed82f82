#include "server/keyspace/access.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace amethyst::server {

namespace {

constexpr size_t kTouchedKept = 16;

std::string RegistryKey(uint64_t id) { return "x" + IdPrefix(id); }

}  // namespace

Access::Access(Space& space) : space_(space), batch_(space.db()), pending_(space), numbers_(space.numbers()) {}

void Access::Begin(unsigned database, TimeMs now_ms) {
  if (HasWrites()) batch_.Clear();
  ForgetRecords();
  changes_.Clear();
  database_ = database;
  now_ms_ = now_ms;
  status_ = {};
  reading_ = {};
  fresh_ = {};
  numbers_ = space_.numbers();
  outcome_.swaps.clear();
  if (outcome_.touched_count > kTouchedKept) outcome_.touched.resize(kTouchedKept);
  outcome_.touched_count = 0;
  outcome_.ready.clear();
  outcome_.events.clear();
}

void Access::Fail(Error error) {
  if (status_) status_ = std::unexpected(std::move(error));
}

bool Access::Get(Part part, std::string_view key, std::string* value) {
  if (!status_) return false;
  if (const auto cached = part == Part::kKeys ? GetCached(key) : std::nullopt) {
    value->assign(*cached);
    return true;
  }
  const Result<bool> found = Read(part, key, value, reading_.memory_only);
  if (found) return *found;
  const bool is_on_disk = reading_.memory_only && found.error().code() == ErrorCode::kBusy;
  if (is_on_disk && !reading_.miss) reading_.miss = {.part = part, .key = std::string(key)};
  Fail(found.error());
  return false;
}

bool Access::GetHead(std::string_view keys_key, std::string* head, bool* is_on_disk) {
  *is_on_disk = false;
  if (!status_) return false;
  if (const auto cached = GetCached(keys_key)) {
    head->assign(cached->substr(0, HeadBytes(*cached)));
    return true;
  }
  const Result<bool> found = Read(Part::kKeys, keys_key, head, true);
  if (found) return *found;
  if (found.error().code() != ErrorCode::kBusy) return Get(Part::kKeys, keys_key, head);
  const Result<bool> may_exist = space_.family(Part::kKeys).KeyMayExist(keys_key, {.memory_only = true});
  if (!may_exist) return Get(Part::kKeys, keys_key, head);  // For the filter, which further keys find in memory.
  *is_on_disk = *may_exist;
  if (*may_exist) space_.NoteEstimate();
  return false;
}

Result<bool> Access::Read(Part part, std::string_view key, std::string* value, bool memory_only) {
  if (HasPending() && pending_.MayHold(PendingWrites::HashOf(part, key))) Flush();
  if (!status_) return false;
  AMETHYST_ASSIGN(const bool found, batch_.GetInto(space_.family(part), key, value, {.memory_only = memory_only}));
  // What this command has written itself may be given up.
  const bool is_kept = found && part == Part::kKeys && reading_.uses_records && !HasWrites();
  if (is_kept) space_.records().Put(key, *value);
  return found;
}

// The engine lets go of records whose time is over: whether they are there is for it to say.
std::optional<std::string_view> Access::GetCached(std::string_view key) {
  const auto cached = reading_.uses_records ? space_.records().Find(key) : std::nullopt;
  if (!cached) return {};
  const auto record = DecodeRecord(*cached);
  if (!record || record->expires_ms <= now_ms_) return {};
  return cached;
}

void Access::ForgetRecords() {
  for (const uint64_t hash : changes_.keys) space_.records().Forget(hash);
  changes_.keys.clear();
}

Iterator Access::NewIterator(Part part, std::optional<std::string_view> lower, std::optional<std::string_view> upper) {
  const ReadOptions options = {.lower_bound = lower, .upper_bound = upper};
  Flush();
  return HasWrites() ? batch_.NewIterator(space_.family(part), options) : space_.family(part).NewIterator(options);
}

bool Access::Shows(const Iterator& iterator) {
  if (!status_) return false;
  if (iterator.Valid()) return true;
  const Status status = iterator.status();
  if (!status) Fail(status.error());
  return false;
}

void Access::Put(Part part, std::string_view key, std::string_view value) {
  if (!status_) return;
  if (part == Part::kKeys) {
    changes_.record.is_there = true;
    changes_.record.keys_key.assign(key);
    changes_.record.before = batch_.batch().GetSavepoint();
  }
  if (const Status put = batch_.Put(space_.family(part), key, value); !put) return Fail(put.error());
  NoteWrite(part, key, value.size());
  if (part == Part::kOrder) {
    const uint64_t id = ReadBigEndian(key, 0, 8);
    space_.order_bounds().Widen(id, key);  // At once: too wide is never wrong.
    if (!changes_.order.empty() || pending_.ChangesOrder()) {
      changes_.order.push_back({.id = id, .narrowed = {}, .key = std::string(key)});
    }
  }
  changes_.keys.push_back(PendingWrites::HashOf(part, key));
  if (part == Part::kKeys) space_.records().Put(key, value);
}

void Access::Delete(Part part, std::string_view key) {
  if (!status_) return;
  if (const Status deleted = batch_.Delete(space_.family(part), key); !deleted) Fail(deleted.error());
  fresh_.is_alone = false;
  changes_.keys.push_back(PendingWrites::HashOf(part, key));
  if (part == Part::kKeys) space_.records().Erase(key);
}

void Access::DeleteRange(Part part, std::string_view begin, std::string_view end) {
  if (!status_) return;
  if (const Status deleted = batch_.DeleteRange(space_.family(part), begin, end); !deleted) Fail(deleted.error());
  fresh_.is_alone = false;
  changes_.has_ranges = true;
  if (part == Part::kKeys) space_.records().Clear();
}

void Access::NarrowOrder(uint64_t id, OrderEnd end, std::string_view order_key) {
  changes_.order.push_back({.id = id, .narrowed = end, .key = std::string(order_key)});
}

uint64_t Access::NewId(std::string_view keys_key) {
  if (!status_) return 0;
  const Result<uint64_t> id = space_.NewId();
  if (!id) {
    Fail(id.error());
    return 0;
  }
  fresh_.id = *id;
  PutInRegistry(*id, keys_key);
  return *id;
}

bool Access::IsFresh(Part part, std::string_view key) const {
  if (fresh_.id == 0) return false;
  if (part == Part::kSys) return key == RegistryKey(fresh_.id);
  return (part == Part::kData || part == Part::kOrder) && ReadBigEndian(key, 0, 8) == fresh_.id;
}

void Access::NoteWrite(Part part, std::string_view key, size_t value_bytes) {
  constexpr size_t kPartBytes = size_t{512} << 10;  // The smallest engine takes batches of 1 MiB.
  if (!IsFresh(part, key)) fresh_.is_alone = false;
  fresh_.bytes += key.size() + value_bytes;
  if (!fresh_.is_alone || fresh_.bytes < kPartBytes || !status_) return;
  if (const Status written = space_.db().Write(batch_, writing_); !written) Fail(written.error());
  space_.NoteWrite();
  batch_.Clear();
  changes_.keys.clear();
  fresh_.bytes = 0;
}

void Access::PutInRegistry(uint64_t id, std::string_view keys_key) { Put(Part::kSys, RegistryKey(id), keys_key); }

void Access::Release(uint64_t id, Type type) {
  DeleteRange(Part::kData, IdPrefix(id), IdPrefix(id + 1));
  if (type == Type::kSortedSet) DeleteRange(Part::kOrder, IdPrefix(id), IdPrefix(id + 1));
  Delete(Part::kSys, RegistryKey(id));
}

unsigned Access::DatabaseOf(uint16_t stored) const {
  return static_cast<unsigned>(std::ranges::find(numbers_, stored) - numbers_.begin());
}

void Access::SwapDatabases(unsigned one, unsigned other) {
  if (one == other) return;
  outcome_.swaps.push_back({numbers_[one], numbers_[other]});
  std::swap(numbers_[one], numbers_[other]);
  for (const unsigned database : {one, other}) {
    std::string stored;
    AppendBigEndian(&stored, numbers_[database], 2);
    Put(Part::kSys, Space::DatabaseKey(database), stored);
  }
}

void Access::FlushDatabase(unsigned database) {
  const uint16_t stored = numbers_[database];
  DeleteRange(Part::kKeys, KeysPlace(stored, 0), KeysEnd(stored));
  Count(stored, -KeyCount(database), -ExpiringCount(database));
}

void Access::FlushAll() {
  for (unsigned database = 0; database < kDatabases; ++database) FlushDatabase(database);
  if (!status_) return;
  for (const Part part : {Part::kKeys, Part::kData, Part::kOrder, Part::kTtl}) {
    if (const Status deleted = batch_.DeleteRange(space_.family(part), {}, {}); !deleted) Fail(deleted.error());
  }
  fresh_.is_alone = false;
  changes_.has_ranges = true;
  space_.records().Clear();
  DeleteRange(Part::kSys, "x", "y");
}

int64_t Access::KeyCount(unsigned database) const {
  const uint16_t stored = numbers_[database];
  int64_t count = space_.KeyCount(stored);
  for (const Changes::Count& change : changes_.counts) count += change.stored == stored ? change.keys : 0;
  return count;
}

int64_t Access::ExpiringCount(unsigned database) const {
  const uint16_t stored = numbers_[database];
  int64_t count = space_.ExpiringCount(stored);
  for (const Changes::Count& change : changes_.counts) count += change.stored == stored ? change.expiring : 0;
  return count;
}

void Access::Count(uint16_t stored, int64_t keys, int64_t expiring) {
  if (keys == 0 && expiring == 0) return;
  if (changes_.counts.empty() || changes_.counts.back().stored != stored) changes_.counts.push_back({.stored = stored});
  changes_.counts.back().keys += keys;
  changes_.counts.back().expiring += expiring;
}

void Access::Touch(uint16_t stored, std::string_view user_key) {
  if (outcome_.touched_count == outcome_.touched.size()) outcome_.touched.emplace_back();
  KeyName& name = outcome_.touched[outcome_.touched_count++];
  name.stored = stored;
  name.key.assign(user_key);
}

void Access::Notify(EventKind kind, std::string_view name, std::string_view user_key) {
  if (!outcome_.wants_events) return;
  outcome_.events.push_back({.kind = kind, .name = name, .database = database_, .key = std::string(user_key)});
}

void Access::SignalReady(uint16_t stored, std::string_view user_key) {
  outcome_.ready.push_back({.stored = stored, .key = std::string(user_key)});
}

bool Access::Flush() {
  if (pending_.is_handed_over() && !Settle(pending_.TakeBack())) return false;
  return pending_.empty() || Settle(pending_.Flush());
}

bool Access::HandOver() {
  if (!pending_.MayHandOver()) return false;
  if (pending_.is_handed_over() && !Settle(pending_.TakeBack())) return false;
  return pending_.HandOver();
}

bool Access::Settle(const Status& written) {
  if (!written) Fail(written.error());
  space_.order_bounds().WidenAgain(changes_.order);
  if (on_flush_) on_flush_(written);
  return written.has_value();
}

Status Access::Commit() {
  if (status_) {
    reading_.memory_only = false;  // What follows from a commit does not run again.
    Flush();
    if (status_ && !HasWrites()) return {};
  }
  if (status_) {
    if (const Status written = space_.db().Write(batch_, writing_); !written) Fail(written.error());
  }
  if (!status_) {
    ForgetRecords();
    return status_;
  }
  space_.NoteWrite();
  space_.SetNumbers(numbers_);
  for (const auto& [stored, keys, expiring] : changes_.counts) space_.AddToCounts(stored, keys, expiring);
  for (const OrderChange& change : changes_.order) space_.order_bounds().Apply(change);
  batch_.Clear();
  changes_.Clear();
  return {};
}

Status Access::CommitLater() {
  const WriteBatch& batch = batch_.batch();
  const bool is_plain = !changes_.has_ranges && outcome_.swaps.empty();
  if (!status_ || !is_plain || batch.ByteSize() > PendingWrites::kCommandBytesMax) return Commit();
  reading_.memory_only = false;
  if (batch.Empty()) return {};
  pending_.Add(batch, changes_);
  batch_.Clear();
  changes_.Clear();
  if (pending_.is_full()) Flush();
  return status_;
}

}  // namespace amethyst::server
