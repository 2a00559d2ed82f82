#include "engine/recovery.h"

#include <algorithm>

#include "base/assert.h"
#include "base/error.h"
#include "engine/flush.h"
#include "tree/census.h"
#include "tree/foreign.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {

namespace {

constexpr uint32_t kFlusherThreads = 2;  // A flush, and the next log segment.

// What lies in a directory although nobody put it there: a mount point's lost+found, and hidden files.
bool IsIncidental(std::string_view name) { return name == "lost+found" || name.starts_with('.'); }

// That there is a database, or may be one, before anything is created: a mistyped path is not littered. It does not
// matter what else a directory holds that the caller knows to be the right one.
Status CheckDirectory(io::FileSystem& files, const std::string& directory, const Options& options, bool is_right) {
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

Result<std::vector<key::FileNumber>> ListSegments(const Core& core) {
  AMETHYST_ASSIGN(const std::vector<std::string> names, core.home->files().List(core.directory));
  std::vector<key::FileNumber> segments;
  for (const std::string& name : names) {
    const auto parsed = tree::ParseFileName(name);
    if (parsed && parsed->type == tree::FileType::kLogSegment) segments.push_back(parsed->number);
  }
  std::ranges::sort(segments);
  return segments;
}

// Puts recovered batches into memtables, flushing when their share of memory is full.
//
// Nothing is written before the whole log is known to be readable: an open that refuses it, for damage or because a
// newer build left what this one must not drop, leaves the directory as it was.
class Replay {
 public:
  Replay(Core& core, const wal::LogRecoverySettings& log)
      : core_(core), log_(log), flushed_(core.tree->recovered().flushed_sequence) {}

  Result<wal::LogRecoveryReport> Run() {
    AMETHYST_ASSIGN(
        wal::LogRecoveryReport report,
        wal::RecoverLog(core_.home->files(), log_, [this](const wal::RecoveredBatch& batch) { return Apply(batch); }));
    if (!log_.read_only && !writing_) AMETHYST_TRY(StartManifest());
    return report;
  }

 private:
  Status Apply(const wal::RecoveredBatch& batch) {
    const key::SequenceNumber last = batch.first + (batch.count - 1);
    core_.visible.store(std::max(core_.visible.load(std::memory_order_relaxed), key::Raw(last)),
                        std::memory_order_relaxed);
    if (last <= flushed_) return {};
    ++core_.batches_recovered;
    wal::BatchReader measuring(batch.payload);
    size_t bytes = 0;
    for (wal::BatchEntry entry; measuring.Next(&entry);) {
      bytes += memtable::Memtable::BytesFor(entry.key.size(), entry.value.size());
    }
    AMETHYST_TRY(MakeRoom(bytes));
    wal::BatchReader reader(batch.payload);
    uint64_t sequence = key::Raw(batch.first);
    for (wal::BatchEntry entry; reader.Next(&entry); ++sequence) {
      active().memtable.Insert({entry.key, key::Tag(key::SequenceNumber{sequence}, entry.kind), entry.value});
    }
    return {};
  }

  WriteBuffer& active() { return *core_.view->Acquire()->active; }

  Status MakeRoom(size_t bytes) {
    if (active().memtable.HasRoom(bytes)) return {};
    auto fresh = core_.NewWriteBuffer(std::max(core_.settings.write_buffer_bytes, bytes));
    fresh->first_log_segment = active().first_log_segment;
    fresh->created_s = active().created_s;
    fresh->earlier_delete_s = active().earlier_delete_s;
    RetireView(core_.view->Update([&](const View& current) { return WithActive(current, fresh); }));
    const bool must_flush =
        !log_.read_only && core_.view->Acquire()->immutable.size() > core_.settings.immutable_count_max;
    if (!must_flush) return {};
    AMETHYST_TRY(BeginWriting());
    return FlushOldest(core_);
  }

  // Where the log is larger than memory: reads all of it first, for nothing but errors.
  Status BeginWriting() {
    if (writing_) return {};
    wal::LogRecoverySettings log = log_;
    log.read_only = true;
    AMETHYST_TRY(wal::RecoverLog(core_.home->files(), log, [](const wal::RecoveredBatch&) { return Status(); }));
    writing_ = true;
    return StartManifest();
  }

  // With the space of what an earlier open may have kept.
  Status StartManifest() {
    AMETHYST_TRY(core_.reserve->RemoveLeftover());
    return core_.tree->OpenManifest();
  }

  Core& core_;
  const wal::LogRecoverySettings& log_;
  const key::SequenceNumber flushed_;
  bool writing_ = false;  // The manifest is open.
};

Status OpenTree(Core& core) {
  const Options& options = core.settings.options;
  core.store = std::make_shared<tree::TableStore>(
      core.home, core.budget,
      tree::TableStore::Settings{
          .directory = core.directory, .max_open_files = options.max_open_files, .order = core.settings.order});
  AMETHYST_ASSIGN(core.tree, tree::Tree::Open(core.store, {.directory = core.directory,
                                                           .order = core.settings.order,
                                                           .create_if_missing = options.create_if_missing,
                                                           .error_if_exists = options.error_if_exists,
                                                           .read_only = options.read_only,
                                                           .check_owner = [&core] { return core.lock->CheckHeld(); }}));
  const tree::RecoveredTree& recovered = core.tree->recovered();
  core.visible.store(key::Raw(std::max(recovered.last_sequence, recovered.flushed_sequence)));
  core.delete_clock =
      std::make_unique<DeleteClock>(core.environment->clock(), recovered.delete_time.value_or(tree::DeleteTime()));
  auto view = std::make_shared<View>();
  view->active = core.NewWriteBuffer(core.settings.write_buffer_bytes);
  view->active->first_log_segment = recovered.first_log_segment;
  if (recovered.oldest_delete_s.has_value()) {
    // Of those in the log, and of those that were flushed and whose data it may hold.
    view->active->created_s = view->active->earlier_delete_s = *recovered.oldest_delete_s;
  }
  view->version = core.tree->current();
  core.view = std::make_unique<ViewCell>(std::move(view));
  return {};
}

Result<wal::LogRecoveryReport> ReplayLog(Core& core) {
  const tree::RecoveredTree& recovered = core.tree->recovered();
  AMETHYST_ASSIGN(std::vector<key::FileNumber> segments, ListSegments(core));
  std::erase_if(segments, [&](key::FileNumber segment) { return segment < recovered.first_log_segment; });
  const wal::LogRecoverySettings log{.directory = core.directory,
                                     .database_uid = recovered.database_uid,
                                     .segments = std::move(segments),
                                     .first_segment = recovered.first_log_segment,
                                     .clean_end = recovered.clean_log_end,
                                     .read_only = core.settings.options.read_only};
  AMETHYST_ASSIGN(wal::LogRecoveryReport report, Replay(core, log).Run());
  core.torn_tails = report.torn_tails;
  if (report.torn_tails > 0) {
    core.Log(fmt::format("cut {} bytes of a torn log tail, never acknowledged as synced", report.torn_bytes));
  }
  return report;
}

// The memtable that was filled first. One without entries begins with the log as it is now, so that no older segment is
// kept for it.
WriteBufferPtr OldestBuffer(const Core& core) {
  const ViewPtr view = core.view->Acquire();
  WriteBuffer& active = *view->active;
  if (active.memtable.Empty()) {
    active.first_log_segment = core.log->current_segment();
    active.created_s = core.delete_clock->Seconds();
    active.earlier_delete_s = 0;
  }
  return view->immutable.empty() ? view->active : view->immutable.back();
}

bool Contains(const std::vector<key::FileNumber>& segments, key::FileNumber segment) {
  return std::ranges::find(segments, segment) != segments.end();
}

// The log's own segments are its to remove: it would look for them again.
Status RemoveLeftovers(Core& core, const std::vector<key::FileNumber>& dropped, key::FileNumber first_needed) {
  io::FileSystem& files = core.home->files();
  AMETHYST_ASSIGN(std::vector<std::string> names, core.tree->Orphans());
  AMETHYST_ASSIGN(const std::vector<key::FileNumber> segments, ListSegments(core));
  const std::vector<key::FileNumber> of_the_log = core.log->segments();
  for (const key::FileNumber segment : segments) {
    const bool is_leftover = segment < first_needed && !Contains(of_the_log, segment);
    if (is_leftover || Contains(dropped, segment)) names.push_back(tree::LogFileName(segment));
  }
  for (const std::string& name : names) {
    const std::string path = io::JoinPath(core.directory, name);
    std::string what;
    if (tree::IsProven(files, path, *tree::ParseFileName(name), core.tree->recovered().database_uid, &what)) {
      core.Log("removing leftover " + name);
      AMETHYST_TRY(files.Remove(path));
    } else {
      core.Log(fmt::format("leaving {}, which is not this database's: {}", name, what));
    }
  }
  return core.log->RemoveBefore(first_needed);
}

Status StartLog(Core& core, const wal::LogRecoveryReport& report) {
  const Options& options = core.settings.options;
  wal::LogCut cut = report.cut;
  cut.last_sequence = std::max(cut.last_sequence, key::SequenceNumber{core.visible.load(std::memory_order_relaxed)});
  AMETHYST_ASSIGN(core.log,
                  wal::Log::Create(*core.home, *core.flusher,
                                   {.directory = core.directory,
                                    .database_uid = core.tree->recovered().database_uid,
                                    .segment_bytes = core.settings.log_segment_bytes,
                                    .group_commit_bytes = options.group_commit_bytes,
                                    .group_commit_delay_us = options.group_commit_delay_us,
                                    .new_file_number = [&core] { return core.tree->NewFileNumber(); },
                                    .may_write = [&core] { return !core.latch.IsSet(); },
                                    .free_descriptors = [&core] { core.store->FreeDescriptors(); },
                                    .room_bytes = [&core] { return core.reserve->RoomBeside(core.unflushed_bytes()); },
                                    .spend_reserve = [&core](const auto& work) { return core.reserve->Spend(work); },
                                    .replayed_segments = report.replayed_segments},
                                   cut));
  if (core.log->segments().empty()) return {};  // There is no space; what the manifest says of the log still holds.
  const WriteBufferPtr oldest = OldestBuffer(core);
  const key::FileNumber first_needed = oldest->first_log_segment;
  tree::VersionEdit edit;
  edit.first_log_segment = first_needed;
  edit.oldest_delete_s = oldest->DeletesSinceSeconds();
  edit.delete_time = core.delete_clock->Mark();
  edit.last_sequence = key::SequenceNumber{core.visible.load(std::memory_order_relaxed)};
  if (Status noted = core.tree->Apply(std::move(edit), [](const auto&) {}); !noted) {
    // On a full disk everything stays as it was found; the next open tidies up.
    return ClearsByItself(noted.error()) ? Status() : noted;
  }
  return RemoveLeftovers(
      core, core.log->end() > report.cut.position() ? report.dropped_segments : std::vector<key::FileNumber>(),
      first_needed);
}

}  // namespace

Result<std::shared_ptr<Core>> OpenCore(const std::string& directory, const Options& options, Components components) {
  auto core = std::make_shared<Core>();
  Options effective = options;
  if (components.memory_budget) {
    if (!components.memory_budget->OwnedByThisProcess()) {
      return base::MakeError(ErrorCode::kBusy, "{}: its memory budget is that of the process which forked this one",
                             directory);
    }
    effective.memory_budget_bytes = components.memory_budget->total_bytes();
  }
  AMETHYST_ASSIGN(core->settings, CheckOptions(effective));
  core->directory = directory;
  core->logger = std::move(components.logger);
  core->environment = components.environment ? std::move(components.environment) : io::DefaultEnvironment();
  core->budget = components.memory_budget
                     ? std::move(components.memory_budget)
                     : std::make_shared<cache::MemoryBudget>(options.memory_budget_bytes, options.cache_policy);
  io::FileSystem& files = core->environment->files();
  AMETHYST_TRY(tree::CheckNotForeign(files, directory));
  AMETHYST_TRY(CheckDirectory(files, directory, options, components.beside_other_files));
  AMETHYST_ASSIGN(core->home, io::OpenDirectory(core->environment, directory));
  const auto lock_mode = options.read_only ? io::LockMode::kShared : io::LockMode::kExclusive;
  AMETHYST_ASSIGN(core->lock, core->home->files().Lock(io::JoinPath(directory, tree::kLockFileName), lock_mode));
  AMETHYST_ASSIGN(core->flusher, core->environment->NewExecutor(kFlusherThreads));
  // Room for the memtable that fills and one that is being flushed, or was.
  core->memtable_regions = std::make_shared<memtable::RegionPool>(core->budget, 2 * core->settings.write_buffer_bytes);

  if (!options.read_only) core->reserve = std::make_unique<SpaceReserve>(core->home->files(), directory);
  AMETHYST_TRY(OpenTree(*core));
  AMETHYST_ASSIGN(const wal::LogRecoveryReport report, ReplayLog(*core));
  if (options.read_only) return core;
  AMETHYST_TRY(StartLog(*core, report));
  if (core->tables_bytes() >= SpaceReserve::kFromBytes) static_cast<void>(core->reserve->Take());
  return core;
}

}  // namespace amethyst::engine
