#include "catalog/catalog.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "catalog/read_state.h"

namespace amethyst::catalog {
namespace {

// The manifest is rewritten when it is larger than this and than so many times its snapshot.
constexpr uint64_t kManifestBytesKept = uint64_t{256} << 10;
constexpr uint64_t kManifestGrowthKept = 4;

// Numbers that the edit adds and does not merely move, of files that nobody reads but through the edit.
std::vector<key::FileNumber> FreshTables(const tree::VersionEdit& edit) {
  std::vector<key::FileNumber> fresh;
  for (const tree::AddedTable& added : edit.added) {
    if (added.table != nullptr) continue;  // It waits in the view, and the log names it.
    const auto moves = [&](const tree::RemovedTable& removed) { return removed.number == added.number; };
    if (std::none_of(edit.removed.begin(), edit.removed.end(), moves)) fresh.push_back(added.number);
  }
  return fresh;
}

// Those that the edit removes and does not merely move, and all of the families that it drops.
std::vector<tree::TablePtr> ObsoleteTables(const tree::Forest& old, const tree::VersionEdit& edit) {
  std::set<key::FileNumber> added;
  for (const tree::AddedTable& table : edit.added) added.insert(table.number);
  std::vector<tree::TablePtr> obsolete;
  for (const tree::RemovedTable& removed : edit.removed) {
    if (added.contains(removed.number)) continue;
    const tree::Version& version = *old.Find({.id = removed.family})->version;
    const tree::TablePtr& tombstones = version.tombstone_table();
    const bool is_list = tombstones != nullptr && tombstones->number() == removed.number;
    obsolete.push_back(is_list ? tombstones : version.FindTable(removed.level, removed.number));
    AMETHYST_ASSERT(obsolete.back() != nullptr);  // The edit fits.
  }
  for (const key::FamilyId dropped : edit.dropped_families) {
    old.Find({.id = dropped})->version->ForEachTable([&obsolete](key::Level, const tree::TablePtr& table) {
      obsolete.push_back(table);
    });
  }
  return obsolete;
}

}  // namespace

Catalog::Catalog(std::shared_ptr<tree::TableStore> store, CatalogSettings settings, RecoveredState recovered,
                 key::FileNumber manifest)
    : store_(std::move(store)),
      settings_(std::move(settings)),
      recovered_{.database_uid = recovered.state.database_uid,
                 .ancestors = recovered.state.ancestors,
                 .flushed_sequence = recovered.state.flushed_sequence,
                 .last_sequence = recovered.state.last_sequence,
                 .first_log_segment = recovered.state.first_log_segment,
                 .delete_time = recovered.state.delete_time,
                 .oldest_delete_s = recovered.state.oldest_delete_s,
                 .read_time_ms = recovered.state.read_time_ms,
                 .merge_operator_name = recovered.state.merge_operator_name,
                 .clean_log_end = recovered.state.clean_log_end,
                 .cursors = recovered.state.cursors,
                 .created = manifest == key::FileNumber{0},
                 .is_durable = recovered.is_durable,
                 .manifest = manifest,
                 .manifest_end = recovered.end},
      next_file_number_(key::Raw(recovered.state.next_file_number)),
      state_(std::move(recovered.state)),
      manifest_number_(manifest),
      current_(state_.forest) {
  AMETHYST_ASSERT(state_.forest != nullptr && manifest < state_.next_file_number);
  store_->removal().MoveTo({.manifest = manifest, .records = recovered_.manifest_end.records});
}

Result<std::unique_ptr<Catalog>> Catalog::Open(std::shared_ptr<tree::TableStore> store,
                                               const CatalogSettings& settings) {
  AMETHYST_ASSERT(store != nullptr && store->order().comparator() == settings.order.comparator());
  AMETHYST_ASSIGN(const std::vector<std::string> names, store->files().List(settings.directory));
  const bool exists = std::find(names.begin(), names.end(), tree::kCurrentFileName) != names.end();
  if (exists && settings.error_if_exists) {
    return base::InvalidArgument("{}: a database exists there", settings.directory);
  }
  key::FileNumber manifest{};
  if (exists) {
    AMETHYST_ASSIGN(manifest, ReadCurrent(store->files(), settings.directory));
  }
  AMETHYST_ASSIGN(RecoveredState recovered,
                  exists ? RecoverState(store, settings, names, manifest) : NewState(settings, names));
  CatalogState& state = recovered.state;
  state.next_file_number = NumberAfter(names, state.next_file_number);
  if (key::Raw(state.next_file_number) >
      key::Raw(tree::kFileNumberMax) / 2) {  // No life is that long: damage, or a joke.
    return base::Corruption("{}: file number {} leaves too few for the files to come", settings.directory,
                            key::Raw(state.next_file_number) - 1);
  }
  return std::unique_ptr<Catalog>(new Catalog(std::move(store), settings, std::move(recovered), manifest));
}

Status Catalog::OpenManifest() {
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(manifest_ == nullptr && !closed_ && !settings_.read_only);
  if (recovered_.is_durable && recovered_.log_is_empty()) return {};
  const key::FileNumber old_manifest = manifest_number_;
  if (!state_.log_is_empty()) state_.clean_log_end.reset();
  Status rewritten = Rewrite(state_);
  if (rewritten || !health_ || recovered_.created) return rewritten;
  // On a full disk the old one must do until the first edit.
  AMETHYST_TRY(store_->files().SyncFile(io::JoinPath(settings_.directory, tree::ManifestFileName(old_manifest))));
  return SyncDirectory();
}

std::shared_ptr<const tree::Forest> Catalog::forest() const {
  base::MutexLock lock(current_mutex_);
  return current_;
}

Status Catalog::health() const {
  base::MutexLock lock(mutex_);
  return health_;
}

CatalogState Catalog::State() const {
  base::MutexLock lock(mutex_);
  return state_;
}

key::SequenceNumber Catalog::flushed_sequence() const {
  base::MutexLock lock(mutex_);
  return state_.flushed_sequence;
}

std::optional<AppliedIndex> Catalog::applied() const {
  base::MutexLock lock(mutex_);
  return state_.applied;
}

key::FileNumber Catalog::first_log_segment() const {
  base::MutexLock lock(mutex_);
  return state_.first_log_segment;
}

bool Catalog::LogIsEmptyFrom(wal::LogPosition end) const {
  base::MutexLock lock(mutex_);
  return state_.log_is_empty() && state_.clean_log_end->position() == end;
}

Status Catalog::Apply(tree::VersionEdit edit, base::FunctionRef<void(std::shared_ptr<const tree::Forest>)> installed) {
  AMETHYST_ASSERT(!settings_.read_only);
  std::shared_ptr<const tree::Forest> old;  // Outlives the lock: tables may die with it.
  base::MutexLock lock(mutex_);
  if (closed_) return base::MakeError(ErrorCode::kClosed, "{}: the database is closed", settings_.directory);
  AMETHYST_TRY(health_);
  edit.next_file_number = key::FileNumber{next_file_number_.load(std::memory_order_relaxed)};
  LeaveOutDropped(&edit);
  for (const tree::AddedTable& added : edit.added) AMETHYST_ASSERT(added.number < *edit.next_file_number);  // I11
  Result<Prepared> prepared = base::Contained([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return Prepare(edit); });
  if (!prepared && prepared.error().code() != ErrorCode::kOutOfMemory) {
    return std::unexpected(std::move(prepared).error());
  }
  const Status written = !prepared ? Status(std::unexpect, prepared.error()) : Write(edit, *prepared);
  if (!written) {
    base::DoIfPossible([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { Abandon(edit); });
    return written;
  }
  AMETHYST_ASSERT(health_ && manifest_ != nullptr);  // I10: it is durable before it is visible.
  old = std::move(state_.forest);
  state_ = std::move(prepared->next);
  for (const tree::TablePtr& table : prepared->obsolete) table->MarkObsolete();
  {
    base::MutexLock current_lock(current_mutex_);
    current_ = state_.forest;
  }
  installed(state_.forest);
  return {};
}

Result<Catalog::Prepared> Catalog::Prepare(const tree::VersionEdit& edit) const {
  AMETHYST_ASSIGN(CatalogState next, state_.After(edit, TableMaker(store_)));
  std::string payload;
  edit.AppendTo(&payload);
  return Prepared{
      .next = std::move(next), .payload = std::move(payload), .obsolete = ObsoleteTables(*state_.forest, edit)};
}

void Catalog::LeaveOutDropped(tree::VersionEdit* edit) {
  const tree::Forest& forest = *state_.forest;
  if (forest.next_family_id() == key::FamilyId{1}) return;  // There never was any.
  const auto is_dropped = [&](const auto& table) {
    return table.family < forest.next_family_id() && forest.Find({.id = table.family}) == nullptr;
  };
  tree::VersionEdit left_out;
  left_out.removed = edit->removed;  // A table that moves is the drop's own to remove.
  std::ranges::copy_if(edit->added, std::back_inserter(left_out.added), is_dropped);
  for (const key::FileNumber fresh : FreshTables(left_out)) store_->AddObsolete(fresh);
  for (const tree::AddedTable& added : left_out.added) {
    if (added.table != nullptr) added.table->MarkObsolete();
  }
  std::erase_if(edit->added, is_dropped);
  std::erase_if(edit->removed, is_dropped);
}

// Makes `edit`, which is prepared so, durable.
Status Catalog::Write(const tree::VersionEdit& edit, const Prepared& prepared) {
  AMETHYST_ASSERT(health_ && !closed_);
  AMETHYST_TRY(CheckOwner());
  const std::string& payload = prepared.payload;
  const bool has_room =
      manifest_ != nullptr && manifest_->size() + ManifestRecordBytes(payload.size()) <= settings_.manifest_bytes_max;
  if (!has_room || manifest_->size() > rewrite_above_bytes_) {
    Status rewritten = Rewrite(prepared.next);
    // Where a new file has no room, the last block of the old one may still have some.
    if (rewritten || !health_ || !has_room) return rewritten;
  }
  return Append(edit, payload);
}

Status Catalog::Append(const tree::VersionEdit& edit, std::string_view payload) {
  AMETHYST_ASSERT(manifest_ != nullptr);  // I15
  const bool names_segment = edit.first_log_segment && !edit.clean_log_end;
  if (!edit.added.empty() || names_segment) {
    Status synced = SyncDirectory();
    if (!synced) LatchUnlessItClears(synced.error());
    AMETHYST_TRY(synced);
  }
  Status appended = base::Contained([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return manifest_->Append(payload); });
  if (!appended) {
    LatchUnlessItClears(appended.error());
    manifest_ = nullptr;  // Its tail may be torn: nothing is appended to it again.
    if (!abandoned_) abandoned_.emplace();
  } else {
    store_->removal().MoveTo(manifest_->place());
  }
  return appended;
}

// Writes `next` to a new manifest and makes that the current one. Until CURRENT is replaced a failure changes nothing.
Status Catalog::Rewrite(const CatalogState& next) {
  io::FileSystem& files = store_->files();
  const key::FileNumber number = NewFileNumber();
  AMETHYST_ASSERT(health_ && number > manifest_number_);  // I11
  auto started = base::Contained([&] { return StartManifest(number, next); });
  if (!started) return GiveUp(number, started.error());
  if (Status replaced = store_->WithDescriptor([&] { return ReplaceCurrent(files, settings_.directory, number); });
      !replaced) {
    if (NamesOldManifest()) return GiveUp(number, replaced.error());
    // Which manifest the next open finds is not known: nothing may be written to either.
    health_ = std::unexpected(base::MadeWithoutFail([&] {
      return Error(ErrorCode::kIo, "CURRENT may name the old manifest or the new: " + replaced.error().message());
    }));
    return health_;
  }
  if (manifest_number_ != key::FileNumber{0}) {
    // At worst it stays behind as an orphan.
    base::DoIfPossible([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
      static_cast<void>(files.Remove(io::JoinPath(settings_.directory, tree::ManifestFileName(manifest_number_))));
    });
  }
  AMETHYST_ASSERT(*started != nullptr);
  manifest_ = std::move(*started);
  manifest_number_ = number;
  store_->removal().MoveTo(manifest_->place());
  rewrite_above_bytes_ = std::max(kManifestBytesKept, kManifestGrowthKept * manifest_->size());
  for (const key::FileNumber table : std::exchange(abandoned_, std::nullopt).value_or(std::vector<key::FileNumber>()))
    store_->AddObsolete(table);
  return {};
}

// Whether CURRENT is surely what it was, which is missing while a database is made.
bool Catalog::NamesOldManifest() const {
  const Result<bool> known = base::Contained([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS -> Result<bool> {
    AMETHYST_ASSIGN(const bool exists,
                    store_->files().Exists(io::JoinPath(settings_.directory, tree::kCurrentFileName)));
    if (!exists) return manifest_number_ == key::FileNumber{0};
    AMETHYST_ASSIGN(const key::FileNumber named, ReadCurrent(store_->files(), settings_.directory));
    return named == manifest_number_;
  });
  return known.value_or(false);
}

// A manifest whose first record is `next`, durable, as its name is and the names of all tables.
Result<std::unique_ptr<ManifestWriter>> Catalog::StartManifest(key::FileNumber number, const CatalogState& next) {
  tree::VersionEdit snapshot = next.Snapshot();
  snapshot.next_file_number = key::FileNumber{next_file_number_.load(std::memory_order_relaxed)};
  std::string payload;
  snapshot.AppendTo(&payload);
  if (const uint64_t bytes = kManifestRecordsBegin + ManifestRecordBytes(payload.size());
      bytes > settings_.manifest_bytes_max) {
    return base::MakeError(ErrorCode::kNoSpace,
                           "{}: its list of tables would take {} bytes, more than the {} that an open reads",
                           settings_.directory, bytes, settings_.manifest_bytes_max);
  }
  const ManifestIdentity identity{.database_uid = next.database_uid, .number = number};
  AMETHYST_ASSIGN(auto manifest, store_->WithDescriptor([&] {
    return ManifestWriter::Create(store_->files(), settings_.directory, identity);
  }));
  AMETHYST_TRY(manifest->Append(payload));
  AMETHYST_TRY(SyncDirectory());
  return manifest;
}

std::unexpected<Error> Catalog::GiveUp(key::FileNumber manifest, const Error& error) {
  AMETHYST_ASSERT(manifest != manifest_number_);  // I15: never the one that CURRENT names.
  LatchUnlessItClears(error);
  if (!health_) return std::unexpected(error);
  base::DoIfPossible([&] {
    static_cast<void>(store_->files().Remove(io::JoinPath(settings_.directory, tree::ManifestFileName(manifest))));
  });
  return std::unexpected(error);
}

Status Catalog::SyncDirectory() {
  return store_->WithDescriptor([&] { return store_->files().SyncDirectory(settings_.directory); });
}

Status Catalog::CheckOwner() {
  Status owned = settings_.check_owner == nullptr ? Status() : base::Contained(settings_.check_owner);
  if (!owned) LatchUnlessItClears(owned.error());
  return owned;
}

void Catalog::LatchUnlessItClears(const Error& error) noexcept {
  if (!health_ || base::ClearsByItself(error)) return;
  health_ = std::unexpected(base::MadeWithoutFail([&] { return error; }));
}

void Catalog::Abandon(const tree::VersionEdit& edit) {
  if (!health_) return;  // Then nothing is removed any more.
  for (const key::FileNumber table : FreshTables(edit)) {
    if (abandoned_) {
      abandoned_->push_back(table);
    } else {
      store_->AddObsolete(table);
    }
  }
}

Result<std::vector<std::string>> Catalog::Orphans() const {
  AMETHYST_ASSIGN(std::vector<std::string> names, store_->files().List(settings_.directory));
  base::MutexLock lock(mutex_);
  std::set<key::FileNumber> live = {manifest_number_};
  for (const tree::FamilyTree& tree : state_.forest->families()) {
    tree.version->ForEachTable([&live](key::Level, const tree::TablePtr& table) { live.insert(table->number()); });
  }
  std::erase_if(names, [&](const std::string& name) {
    const std::optional<tree::ParsedFileName> parsed = tree::ParseFileName(name);
    if (!parsed) return true;
    const bool numbered = parsed->type == tree::FileType::kTable || parsed->type == tree::FileType::kManifest;
    return !(numbered && !live.contains(parsed->number)) && parsed->type != tree::FileType::kTemporary;
  });
  return names;
}

Status Catalog::Close() {
  base::MutexLock lock(mutex_);
  closed_ = true;
  const std::unique_ptr<ManifestWriter> manifest = std::move(manifest_);
  return manifest == nullptr ? Status() : manifest->Close();
}

}  // namespace amethyst::catalog
