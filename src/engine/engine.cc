#include "engine/engine.h"

#include <algorithm>

#include "amethyst/snapshot.h"
#include "base/buffer.h"
#include "base/containment.h"
#include "base/error.h"
#include "engine/cursor_list.h"
#include "engine/durable_waits.h"
#include "engine/flush.h"
#include "engine/follower.h"
#include "engine/group_lookup.h"
#include "engine/recovery.h"
#include "key/moment.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {
namespace {

using sstable::LookupState;

// Find, which tells of a filter that is lost.
Result<PinnedFound> FindAndTell(Database& database, const FamilyView& family, const key::LookupKey& lookup,
                                const ReadOptions& options) {
  ReadContext& reads = *database.reads;
  if (options.memory_only) return FindInMemory(family, lookup, MergingOf(reads, family), reads.statistics);
  Result<PinnedFound> found = Find(family, lookup, MergingOf(reads, family), options.fill_cache, reads.statistics);
  if (found && found->filter_lost) {
    database.health.Log("a table is searched without its filter: " + found->filter_lost->message());
  }
  return found;
}

// Times one call in a while.
class SampledTimer {
 public:
  SampledTimer(Database& database, Sample sample)
      : database_(database),
        sample_(sample),
        start_(Statistics::TimeThisCall() ? Now() : std::chrono::nanoseconds(0)) {}
  ~SampledTimer() {
    if (start_.count() == 0) return;
    database_.reads->statistics.Record(sample_, static_cast<uint64_t>((Now() - start_).count()));
  }

 private:
  std::chrono::nanoseconds Now() { return database_.environment->clock().Monotonic(); }

  Database& database_;
  const Sample sample_;
  const std::chrono::nanoseconds start_;
};

}  // namespace

Result<std::shared_ptr<Engine>> Engine::Open(const std::string& directory, const Options& options,
                                             Components components) {
  AMETHYST_ASSIGN(std::shared_ptr<Database> database, OpenDatabase(directory, options, std::move(components)));
  auto engine = std::make_shared<Engine>(std::move(database));
  if (engine->background_ != nullptr) AMETHYST_TRY(engine->background_->Start());
  return engine;
}

Engine::Engine(std::shared_ptr<Database> database)
    : database_(std::move(database)),
      reads_(database_->reads),
      committer_(
          *reads_, database_->storage, database_->health, *database_->write_buffers,
          {.write_buffer_bytes = database_->settings.write_buffer_bytes, .waiting = database_->settings.waiting()}),
      families_(database_->settings, database_->storage, *reads_, database_->health, committer_),
      rules_(database_->settings.options, *reads_, database_->storage),
      change_(*database_, committer_, families_, rules_) {
  if (database_->settings.options.read_only) return;
  background_ = std::make_unique<Background>(*database_, committer_);
}

Engine::~Engine() {
  const Storage& storage = database_->storage;  // Not by a callback of its own, for Close waits until that is done.
  AMETHYST_ASSERT(!IsCallback() || !storage.lock->OwnedByThisProcess());
  base::DoIfPossible([this] { static_cast<void>(Close()); });
  base::MutexLock lock(close_mutex_);
  if (closed_) return;
  // A forked child: the threads are not here, and everything else is the parent's. Only the memory is ours, to be left.
  static_cast<void>(background_.release());
  database_->itself = database_;
}

// --- Writes ---

Status Engine::Put(std::string_view key, std::string_view value, const WriteOptions& options, const FamilyKey& family) {
  if (!rules_.IsForEver(options, family)) [[unlikely]]
    return WriteExpiring(key::EntryKind::kPut, key, value, options, family);
  return WriteOne(key::EntryKind::kPut, key, value, options, family);
}

Status Engine::Delete(std::string_view key, const WriteOptions& options, const FamilyKey& family) {
  AMETHYST_TRY(rules_.CheckDelete(options));
  return WriteOne(key::EntryKind::kDelete, key, {}, options, family);
}

Status Engine::WriteOne(key::EntryKind kind, std::string_view key, std::string_view value, const WriteOptions& options,
                        const FamilyKey& family) {
  AMETHYST_TRY(WriteRules::CheckKey(key));
  if (value.size() > database_->settings.batch_bytes_max) {
    return base::InvalidArgument("a value of {} bytes is over the limit of {}, a quarter of memory_budget_bytes",
                                 value.size(), database_->settings.batch_bytes_max.get());
  }
  constexpr size_t kScratchKeptMax = size_t{64} << 10, kLargeBytes = size_t{1} << 20;
  thread_local base::Buffer scratch;
  scratch.clear();
  const bool is_default = family.id == key::kDefaultFamily;
  const wal::BatchEntry entry{.family = key::Raw(family.id), .kind = kind, .key = key, .value = value};
  if (is_default) [[likely]] {  // For which the family's number is a constant.
    wal::AppendBatchEntry(&scratch, {.kind = kind, .key = key, .value = value});
  } else {
    wal::AppendBatchEntry(&scratch, entry);
  }
  EncodedBatch batch{.payload = scratch,
                     .only = &entry,
                     .count = 1,
                     .memtable_bytes = memtable::Memtable::BytesFor(key.size(), value.size())};
  if (!is_default) [[unlikely]] {
    batch.families = {&family.id, 1};
    batch.memtable_bytes += memtable::Memtable::kFamilyBytes;
  }
  const Status written = scratch.size() < kLargeBytes ? WriteEncoded(batch, options) : WriteLarge(batch, options);
  base::Release(&scratch, kScratchKeptMax);
  return written;
}

Status Engine::CheckWritable() const {
  if (background_ == nullptr) {
    return base::NotSupported("{}: opened read-only; writes need another open", database_->storage.directory);
  }
  if (database_->health.latch.IsSet()) return database_->health.latch.status();
  if (database_->storage.lock->OwnedByThisProcess()) [[likely]]
    return {};
  return CheckProcess();
}

Status Engine::CheckProcess() const {
  if (database_->storage.lock->OwnedByThisProcess()) return {};
  return base::MakeError(ErrorCode::kBusy, "{}: this process was forked from the one that has the database open",
                         database_->storage.directory);
}

Status Engine::WriteEncoded(const EncodedBatch& batch, const WriteOptions& options) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  if (batch.payload.size() > database_->settings.batch_bytes_max) {
    return base::InvalidArgument("a batch of {} bytes is over the limit of {}, a quarter of memory_budget_bytes",
                                 batch.payload.size(), database_->settings.batch_bytes_max.get());
  }
  if (batch.memtable_bytes > database_->settings.batch_memory_bytes_max) {
    return base::InvalidArgument(
        "a batch of {} entries takes {} bytes of memory, over the limit of {}, 32 times what its own bytes may be",
        batch.count, batch.memtable_bytes, database_->settings.batch_memory_bytes_max.get());
  }
  const bool is_external = database_->storage.external_log.is_used();
  if (is_external && options.durability == Durability::kSync) return NoLogToSync();
  const SampledTimer timer(*database_, Sample::kWriteNs);
  if (const auto delay = background_->throttle().pacer().Wait(batch.payload.size()); delay.count() > 0) {
    reads_->statistics.Add(Counter::kWriteDelays);
    reads_->statistics.Add(Counter::kWriteDelayUs, static_cast<uint64_t>(delay.count()));
  }
  AMETHYST_TRY(Commit(batch, is_external ? Durability::kNone : options.durability));
  reads_->statistics.Add(Counter::kWrites);
  reads_->statistics.Add(Counter::kEntriesWritten, batch.count);
  reads_->statistics.Add(Counter::kUserBytesWritten, batch.payload.size());
  return {};
}

Status Engine::Commit(const EncodedBatch& batch, Durability durability) {
  Committer::Outcome outcome;
  for (bool is_first_refusal = true;;) {
    outcome = committer_.Write(batch, durability != Durability::kNone);
    if (outcome.switched) background_->Notify();
    if (!outcome.needs_room) break;
    AMETHYST_TRY(outcome.status ? background_->WaitForRoom()
                                : background_->WaitForSpace(outcome.status, std::exchange(is_first_refusal, false)));
  }
  AMETHYST_TRY(outcome.status);
  if (outcome.tick_rests) AMETHYST_TRY(background_->WakeTick());
  return durability == Durability::kSync ? Sync(outcome.end) : Status();
}

Status Engine::Sync(wal::LogPosition position) { return database_->storage.waits->Sync(position); }

Status Engine::SyncWal() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  if (database_->storage.external_log.is_used()) return NoLogToSync();
  return Sync(database_->storage.log->end());
}

// --- Reads ---

inline Result<std::optional<bool>> Engine::TryGetFor(const Reader* reader, std::string_view key,
                                                     const ReadOptions& options, Take take, const FamilyKey& family,
                                                     bool* may_exist) {
  const base::EpochGuard guard;
  if (reads_->gate.IsClosed()) return std::unexpected(Closed().error());
  const ViewPtr* const pinned = PinnedView(options, reader);
  const View& view = pinned != nullptr ? **pinned : *reads_->view.Peek();  // Before the visible sequence: see view.h.
  const tree::Version* const version = VersionOf(view, family);
  if (version == nullptr) [[unlikely]]
    return FamilyDropped();
  AMETHYST_TRY(CheckReadTime(*reads_, options));
  const OwnWrites* const own = OwnOf(reader);
  const key::LookupKey lookup(key, ReadPointOf(*reads_, options, reader));
  const Found found = FindResident({view, family.id, *version, own}, lookup, reads_->statistics);
  if (found.state == LookupState::kNotResident) {
    if (may_exist != nullptr) *may_exist = found.may_exist;
    return std::optional<bool>();
  }
  if (found.state == LookupState::kFound) take(found.value);
  if (reader != nullptr) [[unlikely]]
    reader->SawExpiry(found.ChangesMs());
  reads_->statistics.Add(Counter::kGets);
  reads_->statistics.Add(Counter::kGetsFound, found.state == LookupState::kFound ? 1 : 0);
  return found.state == LookupState::kFound;
}

Result<bool> Engine::Get(std::string_view key, const ReadOptions& options, Take take, const FamilyKey& family) {
  const SampledTimer timer(*database_, Sample::kGetNs);
  AMETHYST_ASSIGN(const std::optional<bool> found, TryGet(key, options, take, family));
  if (found) [[likely]]
    return *found;
  AMETHYST_ASSIGN(const std::optional<PinnedValue> value, GetPinned(key, options, family));
  if (value) take(value->view());
  return value.has_value();
}

Result<bool> Engine::Get(std::string_view key, const ReadOptions& options, Take take, const FamilyKey& family,
                         const Reader* reader) {
  AMETHYST_ASSIGN(const std::optional<bool> found, TryGetFor(reader, key, options, take, family));
  if (found) return *found;
  AMETHYST_ASSIGN(const std::optional<PinnedValue> value, GetPinned(key, options, family, reader));
  if (value) take(value->view());
  return value.has_value();
}

Result<std::optional<bool>> Engine::TryGet(std::string_view key, const ReadOptions& options, Take take,
                                           const FamilyKey& family) {
  return TryGetFor(nullptr, key, options, take, family);
}

Result<bool> Engine::KeyMayExist(std::string_view key, const ReadOptions& options, const FamilyKey& family) {
  bool may_exist = false;
  const auto ignore = [](std::string_view /*value*/) {};
  AMETHYST_ASSIGN(const std::optional<bool> found, TryGetFor(nullptr, key, options, ignore, family, &may_exist));
  if (found || may_exist) return found.value_or(true);
  return Get(key, options, ignore, family);
}

// May read, and so takes the view and the sequence anew where a TryGet came before.
Result<std::optional<PinnedValue>> Engine::GetPinned(std::string_view key, const ReadOptions& options,
                                                     const FamilyKey& family, const Reader* reader) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  reads_->statistics.Add(Counter::kGets);
  const ViewPtr view = ViewFor(*reads_, options, reader);
  const tree::Version* const version = VersionOf(*view, family);
  if (version == nullptr) return FamilyDropped();
  AMETHYST_TRY(CheckReadTime(*reads_, options));
  const OwnWrites* const own = OwnOf(reader);
  const key::LookupKey lookup(key, ReadPointOf(*reads_, options, reader));
  const FamilyView shown(*view, family.id, *version, own);
  AMETHYST_ASSIGN(PinnedFound found, FindAndTell(*database_, shown, lookup, options));
  if (reader != nullptr) reader->SawExpiry(found.ChangesMs());
  if (found.state != LookupState::kFound) return std::optional<PinnedValue>();
  reads_->statistics.Add(Counter::kGetsFound);
  return PinnedValue(found.value, std::move(found.owner), key::ExpiresAtOf(found.expires_ms));
}

std::vector<Result<std::optional<std::string>>> Engine::MultiGet(std::span<const std::string_view> keys,
                                                                 const ReadOptions& options, const FamilyKey& family,
                                                                 const Reader* reader) {
  std::vector<Result<std::optional<std::string>>> results;
  const OperationGate::Operation operation(reads_->gate);
  const ViewPtr view = ViewFor(*reads_, options, reader);
  const tree::Version* const version = VersionOf(*view, family);
  const Status may_read = !operation           ? Closed()
                          : version == nullptr ? Status(FamilyDropped())
                                               : CheckReadTime(*reads_, options);
  if (!may_read) {
    results.assign(keys.size(), std::unexpected(may_read.error()));
    return results;
  }
  const OwnWrites* const own = OwnOf(reader);
  const FamilyView shown(*view, family.id, *version, own);
  const key::ReadPoint read = ReadPointOf(*reads_, options, reader);
  reads_->statistics.Add(Counter::kGets, keys.size());
  results.resize(keys.size());
  const auto take = [&](size_t index, const Found& found) {
    if (found.state == LookupState::kFound) results[index]->emplace(found.value);
    if (reader != nullptr) reader->SawExpiry(found.ChangesMs());
  };
  std::vector<GroupKey> group;
  for (size_t begin = 0; begin < keys.size(); begin += kGroupMax) {
    group.clear();
    for (size_t i = begin; i < std::min(keys.size(), begin + kGroupMax); ++i) group.push_back({{keys[i], read}, i});
    FindTogether(shown, options, reads_->statistics, take, &group);
    for (const GroupKey& waiting : group) {
      Result<PinnedFound> loaded = FindAndTell(*database_, shown, waiting.lookup, options);
      if (!loaded) {
        results[waiting.index] = std::unexpected(std::move(loaded).error());
        continue;
      }
      if (loaded->state == LookupState::kFound) results[waiting.index]->emplace(loaded->value);
      if (reader != nullptr) reader->SawExpiry(loaded->ChangesMs());
    }
  }
  const auto is_found = [](const auto& result) { return result && result->has_value(); };
  reads_->statistics.Add(Counter::kGetsFound, static_cast<uint64_t>(std::ranges::count_if(results, is_found)));
  return results;
}

std::unique_ptr<DbIterator> Engine::NewIterator(const ReadOptions& options, const FamilyKey& family,
                                                const Reader* reader) {
  return std::make_unique<DbIterator>(reads_, options, family, reader == nullptr ? Reader() : *reader);
}

SnapshotPin Engine::PinIn(std::shared_ptr<SnapshotList> list) {
  ViewPtr view = reads_->follows ? reads_->view.Acquire() : nullptr;
  return {std::move(list), reads_->visible, *reads_->clock, database_->environment->clock().CoarseMonotonic(),
          std::move(view)};
}

// --- Close ---

bool Engine::IsCallback() const {
  const Storage& storage = database_->storage;
  return (storage.waits != nullptr && storage.waits->IsTelling()) || database_->health.events.IsTelling();
}

Status Engine::Close() {
  if (IsCallback()) {
    return base::MakeError(ErrorCode::kBusy, "neither a callback of WriteAsync nor a listener can close its database");
  }
  base::MutexLock lock(close_mutex_);
  if (closed_) return *closed_;
  AMETHYST_TRY(CheckProcess());
  closed_ = CloseOnce();
  return *closed_;
}

// Goes on to the end whatever fails, and returns the first error.
Status Engine::CloseOnce() noexcept {
  Storage& storage = database_->storage;
  if (background_ != nullptr) background_->StopCompactions();
  reads_->gate.Close();
  storage.cursors->readers()->Wake();  // Who find the gate closed.
  reads_->gate.CloseAndWait(*database_->workers.flushes);
  base::DrainEpochs();  // Of readers that did not pass the gate.
  if (database_->follower != nullptr) database_->follower->Stop();
  if (storage.waits != nullptr) storage.waits->Finish();
  Status closed = background_ == nullptr ? Status() : base::Contained([this] { return background_->StopAndFlush(); });
  if (storage.log != nullptr && !database_->health.latch.IsSet()) {
    Flusher flusher(storage, *reads_, database_->health, database_->family);
    Status ended = base::Contained([&] { return flusher.EndLog(); });
    if (closed) closed = std::move(ended);
    base::DoIfPossible([&] {
      const bool is_small = TableBytes(*reads_->view.Acquire()) < SpaceReserve::kFromBytes;
      if (is_small) static_cast<void>(storage.reserve->GiveUp());
    });
  }
  database_->workers.callbacks.reset();
  if (background_ != nullptr) background_->ShowLast();
  storage.log.reset();
  database_->workers.compactions.reset();  // Joins: no job is left.
  database_->workers.flushes.reset();
  Status storage_closed = storage.Close();
  if (closed) closed = std::move(storage_closed);
  LetGoOfMemory();
  database_->health.events.Finish();  // Nothing more happens.
  return closed;
}

// What iterators and pinned values do not hold goes now, not when the object does.
void Engine::LetGoOfMemory() {
  base::DoIfPossible([this] {
    auto empty = std::make_shared<View>();
    // Of no pool, whose budget may live on: it takes some kilobytes.
    empty->active = std::make_shared<WriteBuffer>(0, reads_->order, std::make_shared<memtable::RegionPool>());
    empty->forest = std::make_shared<const tree::Forest>(reads_->order);
    empty->version = empty->forest->default_family().version;
    RetireView(reads_->view.Update([&](const View&) { return std::move(empty); }));
  });
  committer_.Close();
  database_->storage.catalog.reset();
  database_->regions->Close();
  database_->own_regions->Close();
  base::DrainEpochs();
}

}  // namespace amethyst::engine
