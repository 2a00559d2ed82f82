#include "engine/recovery.h"

#include <algorithm>

#include "base/assert.h"
#include "base/error.h"
#include "catalog/foreign.h"
#include "engine/batch_replay.h"
#include "engine/cursor_list.h"
#include "engine/durable_waits.h"
#include "engine/flush.h"
#include "engine/follower.h"
#include "engine/ingest_replay.h"
#include "engine/log_files.h"
#include "io/system_environment.h"
#include "key/merge_operators.h"

namespace amethyst::engine {

namespace {

constexpr uint32_t kFlusherThreads = 2;  // A flush, and the next log segment.

// What lies in a directory although nobody put it there: a mount point's lost+found, and hidden files.
bool IsIncidental(std::string_view name) { return name == "lost+found" || name.starts_with('.'); }

// That there is a database, or may be one, before anything is created: a mistyped path is not littered. It does not
// matter what else a directory holds that the caller knows to be the right one.
Status CheckDirectory(io::FileSystem& files, const std::string& directory, const Options& options, bool is_right) {
  AMETHYST_ASSIGN(const bool is_unfinished, files.Exists(io::JoinPath(directory, tree::kUnfinishedFileName)));
  if (is_unfinished) {
    return base::InvalidArgument("{}: a copy whose making was cut short (it holds {}); make it again, or remove it",
                                 directory, tree::kUnfinishedFileName);
  }
  AMETHYST_ASSIGN(const bool exists, files.Exists(io::JoinPath(directory, "CURRENT")));
  if (exists) {
    if (options.error_if_exists) {
      return base::InvalidArgument("{}: there is a database already, and error_if_exists is set", directory);
    }
    return {};
  }
  if (options.read_only || !options.create_if_missing) {
    return base::InvalidArgument("{}: there is no database here (no file CURRENT); check the path{}", directory,
                                 options.read_only ? "" : ", or set create_if_missing");
  }
  AMETHYST_ASSIGN(const bool directory_exists, files.Exists(directory));
  if (!directory_exists) return files.CreateDirectories(directory);
  if (is_right) return {};
  AMETHYST_ASSIGN(const std::vector<std::string> names, files.List(directory));
  for (const std::string& name : names) {
    if (!tree::ParseFileName(name) && !IsIncidental(name)) {
      return base::InvalidArgument("{}: not a database, and not empty (it holds \"{}\"); choose another directory",
                                   directory, name);
    }
  }
  return {};
}

// Puts recovered batches into memtables, flushing when their share of memory is full.
//
// Nothing is written before the whole log is known to be readable: an open that refuses it, for damage or because a
// newer build left what this one must not drop, leaves the directory as it was.
class Replay {
 public:
  Replay(Database& database, const wal::LogRecoverySettings& log)
      : database_(database), log_(log), flushed_(database.storage.catalog->recovered().flushed_sequence) {}

  Result<wal::LogRecoveryReport> Run() {
    AMETHYST_ASSIGN(wal::LogRecoveryReport report,
                    wal::RecoverLog(database_.storage.home->files(), log_,
                                    [this](const wal::RecoveredBatch& batch) { return Apply(batch); }));
    if (!log_.read_only && !writing_) AMETHYST_TRY(StartManifest());
    return report;
  }

 private:
  Status Apply(const wal::RecoveredBatch& batch) {
    const std::shared_ptr<const tree::Forest> forest = database_.storage.catalog->forest();
    AMETHYST_TRY(CheckFamilies(*forest, batch));
    const key::SequenceNumber last = LastOf(batch);
    database_.reads->visible.store(std::max(database_.reads->visible.load(std::memory_order_relaxed), key::Raw(last)),
                                   std::memory_order_relaxed);
    if (last <= flushed_) return {};
    ++database_.batches_recovered;
    if (batch.kind == wal::RecordKind::kIngest) return ReplayIngest(database_, *forest, batch);
    AMETHYST_TRY(MakeRoom(MemoryOf(batch)));
    InsertBatch(*forest, batch, &active().memtable, &database_.entries_of_dropped_families);
    return {};
  }

  WriteBuffer& active() { return *database_.reads->view.Acquire()->active; }

  Status MakeRoom(size_t bytes) {
    if (active().memtable.HasRoom(bytes)) return {};
    auto fresh = database_.write_buffers->New(std::max(database_.settings.write_buffer_bytes.get(), bytes));
    fresh->first_log_segment = active().first_log_segment;
    fresh->created_s = active().created_s;
    fresh->earlier_delete_s = active().earlier_delete_s;
    RetireView(database_.reads->view.Update([&](const View& current) { return WithActive(current, fresh); }));
    WaitingLimits waiting = database_.settings.waiting();
    ++waiting.count_max;  // Nobody is ahead of the flush here.
    const bool must_flush = !log_.read_only && !MayWait(*database_.reads->view.Acquire(), waiting);
    if (!must_flush) return {};
    AMETHYST_TRY(BeginWriting());
    return Flusher(database_.storage, *database_.reads, database_.health, database_.family).FlushOldest();
  }

  // Where the log is larger than memory: reads all of it first, for nothing but errors.
  Status BeginWriting() {
    if (writing_) return {};
    wal::LogRecoverySettings log = log_;
    log.read_only = true;
    const auto check = [forest = database_.storage.catalog->forest()](const wal::RecoveredBatch& batch) {
      return CheckFamilies(*forest, batch);
    };
    io::FileSystem& files = database_.storage.home->files();
    AMETHYST_TRY(wal::RecoverLog(files, log, check));
    // As a flush does where somebody reads the log (Flusher): what becomes a table now may live in the page cache only.
    for (const key::FileNumber segment : log_.segments) {
      if (!database_.storage.cursors->IsInUse()) break;
      AMETHYST_TRY(files.SyncFile(database_.storage.PathOf(tree::LogFileName(segment))));
    }
    writing_ = true;
    return StartManifest();
  }

  // With the space of what an earlier open may have kept.
  Status StartManifest() {
    AMETHYST_TRY(database_.storage.reserve->RemoveLeftover());
    return database_.storage.catalog->OpenManifest();
  }

  Database& database_;
  const wal::LogRecoverySettings& log_;
  const key::SequenceNumber flushed_;
  bool writing_ = false;  // The manifest is open.
};

// Operands that are there are for one operator, and no other.
Status CheckMergeOperator(const key::Merging& merging) {
  if (merging.operator_name.empty() || merging.merge_operator == nullptr ||
      merging.merge_operator->Name() == merging.operator_name) {
    return {};
  }
  return base::InvalidArgument("family {} has operands of merge operator {}; it cannot be opened with {}",
                               merging.family, merging.operator_name, merging.merge_operator->Name());
}

// That a family which the options name is in the order that they give, and merges as they say.
Status CheckFamilyOptions(const Storage& storage, const Options& options) {
  const std::shared_ptr<const tree::Forest> forest = storage.catalog->forest();
  for (const auto& [name, family] : options.families) {
    if (family.comparator == nullptr) return base::InvalidArgument("families[\"{}\"].comparator is null", name);
    const tree::FamilyTree* const tree = forest->FindByName(name);
    if (tree == nullptr || tree->family->id == key::kDefaultFamily) continue;
    AMETHYST_TRY(CheckMergeOperator(tree->family->merging));
    if (tree->family->comparator_name == family.comparator->Name()) continue;
    return base::InvalidArgument("{}: family \"{}\" is in the order of comparator '{}', not of '{}'", storage.directory,
                                 name, tree->family->comparator_name, family.comparator->Name());
  }
  return {};
}

// How the default family merges. A built-in operator need not be given.
Result<key::Merging> MergingOf(const Options& options, const catalog::RecoveredCatalog& recovered) {
  key::Merging merging{.operator_name = recovered.merge_operator_name.value_or("")};
  const auto family = options.families.find(merging.family);
  key::GiveOperator(family == options.families.end() ? nullptr : family->second.merge_operator, &merging);
  AMETHYST_TRY(CheckMergeOperator(merging));
  return merging;
}

catalog::CatalogSettings CatalogSettingsOf(Database& database) {
  const Options& options = database.settings.options;
  return {.directory = database.storage.directory,
          .order = database.settings.order,
          .families = options.families,
          .create_if_missing = options.create_if_missing,
          .error_if_exists = options.error_if_exists,
          .read_only = options.read_only,
          .follows = database.follower != nullptr,
          .check_owner = [&database] { return database.storage.lock->CheckHeld(); }};
}

Result<std::unique_ptr<catalog::Catalog>> OpenCatalog(Database& database) {
  const auto open = [&] { return catalog::Catalog::Open(database.storage.store, CatalogSettingsOf(database)); };
  return database.follower == nullptr ? open() : BesideWriter(database.environment->clock(), open);
}

Status OpenTree(Database& database) {
  const Settings& settings = database.settings;
  Storage& storage = database.storage;
  storage.store = std::make_shared<tree::TableStore>(
      storage.home, database.budget,
      tree::TableStore::Settings{.directory = storage.directory,
                                 .max_open_files = settings.options.max_open_files,
                                 .order = settings.order,
                                 .missing_is_too_old = database.follower != nullptr});
  AMETHYST_ASSIGN(storage.catalog, OpenCatalog(database));
  AMETHYST_TRY(CheckFamilyOptions(storage, settings.options));
  const catalog::RecoveredCatalog& recovered = storage.catalog->recovered();
  storage.delete_clock =
      std::make_unique<DeleteClock>(storage.home->clock(), recovered.delete_time.value_or(tree::DeleteTime()));
  storage.cursors =
      std::make_shared<CursorList>(storage, database.health, settings.options.feed_retention_bytes, recovered.cursors);
  storage.read_clock = std::make_shared<ReadClock>(database.environment, recovered.read_time_ms);
  AMETHYST_ASSIGN(key::Merging merging, MergingOf(settings.options, recovered));
  database.family = Family(settings, recovered.database_uid);
  database.write_buffers = std::make_unique<WriteBuffers>(settings.order, merging.fold, database.regions, storage);
  auto view = std::make_shared<View>();
  view->active = database.write_buffers->New(settings.write_buffer_bytes);
  view->active->first_log_segment = recovered.first_log_segment;
  if (recovered.oldest_delete_s.has_value()) {
    // Of those in the log, and of those that were flushed and whose data it may hold.
    view->active->created_s = view->active->earlier_delete_s = *recovered.oldest_delete_s;
  }
  view->forest = storage.catalog->forest();
  view->version = view->forest->default_family().version;
  database.reads =
      std::make_shared<ReadContext>(settings.order, std::move(merging), storage.read_clock, std::move(view));
  database.reads->follows = database.follower != nullptr;
  database.reads->visible.store(key::Raw(recovered.flushed_sequence));
  if (!database.reads->follows) {  // Who reads the log by itself.
    database.reads->visible.store(key::Raw(std::max(recovered.last_sequence, recovered.flushed_sequence)));
  }
  return {};
}

Result<wal::LogRecoveryReport> ReplayLog(Database& database) {
  const catalog::RecoveredCatalog& recovered = database.storage.catalog->recovered();
  AMETHYST_ASSIGN(wal::LogRecoverySettings log, LogToRecover(database.storage, recovered));
  log.read_only = database.settings.options.read_only;
  if (recovered.log_is_empty() && !log.segments.empty()) {
    // Begun since, and the manifest could not tell yet: what is deleted there was so after its last edit.
    WriteBuffer& active = *database.reads->view.Acquire()->active;
    active.created_s = std::max<uint64_t>(recovered.delete_time.value_or(tree::DeleteTime()).seconds, 1);
    active.earlier_delete_s = active.created_s;
  }
  AMETHYST_ASSIGN(wal::LogRecoveryReport report, Replay(database, log).Run());
  database.torn_tails = report.torn_tails;
  if (database.entries_of_dropped_families > 0) {
    database.health.Log(
        fmt::format("passed over {} entries of the log, of dropped families", database.entries_of_dropped_families));
  }
  if (report.torn_tails > 0) {
    database.health.Log(
        fmt::format("cut {} bytes of a torn log tail, never acknowledged as synced", report.torn_bytes));
  }
  return report;
}

// A memtable without entries begins with the log as it is now, so that no older segment is kept for it.
void BeginEmptyMemtable(const Database& database) {
  const ViewPtr view = database.reads->view.Acquire();
  WriteBuffer& active = *view->active;
  if (active.memtable.Empty()) {
    active.first_log_segment = database.storage.log->current_segment();
    active.created_s = database.storage.delete_clock->Seconds();
    active.earlier_delete_s = 0;
  }
}

wal::LogSettings LogSettingsOf(Database& database, const wal::LogRecoveryReport& report, const KeptLog& kept) {
  Storage& storage = database.storage;
  const Options& options = database.settings.options;
  return {
      .directory = storage.directory,
      .database_uid = storage.catalog->recovered().database_uid,
      .segment_bytes = database.settings.log_segment_bytes,
      .group_commit_bytes = options.group_commit_bytes,
      .group_commit_delay_us = options.group_commit_delay_us,
      .new_file_number = [&storage] { return storage.catalog->NewFileNumber(); },
      .may_write = [&database] { return !database.health.latch.IsSet(); },
      .free_descriptors = [&storage] { storage.store->FreeDescriptors(); },
      .room_bytes =
          [&database] { return database.storage.reserve->RoomBeside(UnflushedBytes(*database.reads->view.Acquire())); },
      .spend_reserve = [&storage](const auto& work) { return storage.reserve->Spend(work); },
      .replayed_segments = report.replayed_segments,
      .kept_segments = kept.segments,
      .announce =
          BeginsLater(storage, report, kept)
              ? [&database](key::FileNumber first) { return NoteLogBegin(database.storage, *database.reads, first); }
              : std::function<Status(key::FileNumber)>(),
      .remove = [&storage](key::FileNumber segment) { return storage.Remove(tree::LogFileName(segment)); },
      .readers = storage.cursors->readers()};
}

Status StartLog(Database& database, const wal::LogRecoveryReport& report) {
  Storage& storage = database.storage;
  const key::SequenceNumber last{database.reads->visible.load(std::memory_order_relaxed)};
  wal::LogCut cut = report.cut;
  cut.last_sequence = std::max(cut.last_sequence, last);
  KeptLog kept;
  if (const std::optional<key::FileNumber> first = storage.cursors->FirstNeeded()) {
    kept = FindKeptLog(storage, report, *first);
    storage.cursors->LoseUnless([&](const wal::LogCut& place) { return kept.Has(place); });
  }
  AMETHYST_ASSIGN(storage.log, wal::Log::Create(*storage.home, *database.workers.flushes,
                                                LogSettingsOf(database, report, kept), cut));
  if (BeginsLater(storage, report, kept)) {
    BeginEmptyMemtable(database);
    return RemoveLeftovers(storage, database.health, *database.reads->view.Acquire(), {},
                           storage.catalog->recovered().first_log_segment);
  }
  if (storage.log->segments().size() == kept.segments.size())
    return {};  // There is no space; what the manifest says of the log still holds.
  BeginEmptyMemtable(database);
  const catalog::LogFloor floor = FloorAfter(*database.reads->view.Acquire(), 0);
  tree::VersionEdit edit;
  floor.NoteIn(&edit);
  edit.last_sequence = last;
  if (Status noted = storage.Note(std::move(edit)); !noted) {
    // On a full disk everything stays as it was found; the next open tidies up.
    return ClearsByItself(noted.error()) ? Status() : noted;
  }
  AMETHYST_ASSERT(storage.log->end() >= report.cut.position());
  AMETHYST_ASSERT(floor.first_segment <= storage.log->current_segment());
  const bool goes_on = storage.log->end() > report.cut.position();
  return RemoveLeftovers(storage, database.health, *database.reads->view.Acquire(),
                         goes_on ? report.dropped_segments : std::vector<key::FileNumber>(), floor.first_segment);
}

}  // namespace

Result<std::shared_ptr<Database>> OpenDatabase(const std::string& directory, const Options& options,
                                               Components components, const FollowerOptions* following) {
  auto database = std::make_shared<Database>();
  Storage& storage = database->storage;
  Options effective = options;
  if (components.memory_budget) {
    if (!components.memory_budget->OwnedByThisProcess()) {
      return base::MakeError(ErrorCode::kBusy, "{}: its memory budget is that of the process which forked this one",
                             directory);
    }
    effective.memory_budget_bytes = components.memory_budget->total_bytes();
  }
  AMETHYST_ASSIGN(database->settings, CheckOptions(effective));
  database->environment = components.environment ? std::move(components.environment) : io::DefaultEnvironment();
  AMETHYST_TRY(database->health.Begin(&components, options.read_only, *database->environment));
  database->budget_is_shared = components.memory_budget != nullptr;
  database->budget = database->budget_is_shared
                         ? std::move(components.memory_budget)
                         : std::make_shared<cache::MemoryBudget>(options.memory_budget_bytes, options.cache_policy);
  io::FileSystem& files = database->environment->files();
  AMETHYST_TRY(catalog::CheckNotForeign(files, directory));
  AMETHYST_TRY(CheckDirectory(files, directory, options, components.beside_other_files));
  storage.directory = directory;
  AMETHYST_ASSIGN(storage.home, io::OpenDirectory(database->environment, directory));
  if (following != nullptr) {
    storage.lock = NoLock();
    AMETHYST_ASSIGN(database->follower, Follower::Create(*database, *following));
  } else {
    const auto lock_mode = options.read_only ? io::LockMode::kShared : io::LockMode::kExclusive;
    AMETHYST_ASSIGN(storage.lock, storage.home->files().Lock(storage.PathOf(tree::kLockFileName), lock_mode));
  }
  AMETHYST_ASSIGN(database->workers.flushes, database->environment->NewExecutor(kFlusherThreads));
  // Room for the memtable that fills and one that is being flushed, or was.
  database->regions =
      std::make_shared<memtable::RegionPool>(database->budget, 2 * database->settings.write_buffer_bytes);
  database->own_regions = std::make_shared<memtable::RegionPool>(database->budget, 0);
  if (!options.read_only) storage.reserve = std::make_unique<SpaceReserve>(storage.home->files(), directory);
  AMETHYST_TRY(OpenTree(*database));
  if (following != nullptr) {
    AMETHYST_TRY(database->follower->Start(CatalogSettingsOf(*database)));
    return database;
  }
  AMETHYST_ASSIGN(const wal::LogRecoveryReport report, ReplayLog(*database));
  database->reads->view.Acquire()->active->applied = storage.catalog->applied();
  if (options.read_only) return database;
  storage.store->removal().PrepareMarks();
  AMETHYST_TRY(StartLog(*database, report));
  storage.external_log.Begin(options.external_log, storage.catalog->applied());
  AMETHYST_ASSIGN(database->workers.callbacks, database->environment->NewExecutor(1));
  storage.waits = std::make_shared<DurableWaits>(*storage.log, database->health, database->reads->statistics,
                                                 database->environment->clock(), *database->workers.callbacks);
  if (TableBytes(*database->reads->view.Acquire()) >= SpaceReserve::kFromBytes) {
    static_cast<void>(storage.reserve->Take());
  }
  return database;
}

}  // namespace amethyst::engine
