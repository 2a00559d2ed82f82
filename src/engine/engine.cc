#include "engine/engine.h"

#include <algorithm>
#include <array>

#include "amethyst/snapshot.h"
#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "engine/flush.h"
#include "engine/recovery.h"
#include "engine/stats_of.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {

namespace {

using sstable::LookupState;

Status Closed() { return base::MakeError(ErrorCode::kClosed, "the database is closed"); }

Status Forked(const Core& core) {
  return base::MakeError(ErrorCode::kBusy, "{}: this process was forked from the one that has the database open",
                         core.directory);
}

Status CheckKey(std::string_view key) {
  if (key.size() <= kKeyBytesMax) return {};
  return base::InvalidArgument("a key of {} bytes is over the limit of {}", key.size(), kKeyBytesMax);
}

// Find, which tells of a filter that is lost.
Result<PinnedFound> FindAndTell(Core& core, const View& view, const key::LookupKey& lookup, bool fill_cache) {
  Result<PinnedFound> found = Find(view, lookup, fill_cache, core.statistics);
  if (found && found->filter_lost) core.Log("a table is searched without its filter: " + found->filter_lost->message());
  return found;
}

// Times one call in a while.
class SampledTimer {
 public:
  SampledTimer(Core& core, Sample sample)
      : core_(core), sample_(sample), start_(Statistics::TimeThisCall() ? Now() : std::chrono::nanoseconds(0)) {}
  ~SampledTimer() {
    if (start_.count() != 0) core_.statistics.Record(sample_, static_cast<uint64_t>((Now() - start_).count()));
  }

 private:
  std::chrono::nanoseconds Now() { return core_.environment->clock().Monotonic(); }

  Core& core_;
  const Sample sample_;
  const std::chrono::nanoseconds start_;
};

}  // namespace

Result<std::shared_ptr<Engine>> Engine::Open(const std::string& directory, const Options& options,
                                             Components components) {
  AMETHYST_ASSIGN(std::shared_ptr<Core> core, OpenCore(directory, options, std::move(components)));
  auto engine = std::make_shared<Engine>(std::move(core));
  if (engine->background_ != nullptr) AMETHYST_TRY(engine->background_->Start());
  return engine;
}

Engine::Engine(std::shared_ptr<Core> core)
    : core_(std::move(core)), committer_(*core_, core_->view->Acquire()->active) {
  if (core_->settings.options.read_only) return;
  background_ = std::make_unique<Background>(core_, committer_);
}

Engine::~Engine() {
  base::DoIfPossible([this] { static_cast<void>(Close()); });
  base::MutexLock lock(close_mutex_);
  if (closed_) return;
  // A forked child: the threads are not here, and everything else is the parent's. Only the memory is ours, to be left.
  static_cast<void>(background_.release());
  core_->itself = core_;
}

// --- Writes ---

Status Engine::Put(std::string_view key, std::string_view value, const WriteOptions& options) {
  return WriteOne(key::EntryKind::kPut, key, value, options);
}

Status Engine::Delete(std::string_view key, const WriteOptions& options) {
  return WriteOne(key::EntryKind::kDelete, key, {}, options);
}

Status Engine::WriteOne(key::EntryKind kind, std::string_view key, std::string_view value,
                        const WriteOptions& options) {
  AMETHYST_TRY(CheckKey(key));
  if (value.size() > core_->settings.batch_bytes_max) {
    return base::InvalidArgument("a value of {} bytes is over the limit of {}, a quarter of memory_budget_bytes",
                                 value.size(), core_->settings.batch_bytes_max);
  }
  constexpr size_t kScratchKeptMax = size_t{64} << 10;
  thread_local std::string scratch;
  scratch.clear();
  wal::AppendBatchEntry(&scratch, {.kind = kind, .key = key, .value = value});
  const Status written = WriteEncoded(scratch, 1, memtable::Memtable::BytesFor(key.size(), value.size()), options);
  if (scratch.capacity() > kScratchKeptMax) scratch = {};
  return written;
}

Status Engine::Write(const WriteBatch& batch, const WriteOptions& options) {
  if (batch.Empty()) {
    if (options.durability == Durability::kSync) return SyncWal();
    const OperationGate::Operation operation(core_->gate);
    return operation ? CheckWritable() : Closed();
  }
  wal::BatchReader reader(batch.Representation());
  size_t memtable_bytes = 0;
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    AMETHYST_TRY(CheckKey(entry.key));
    memtable_bytes += memtable::Memtable::BytesFor(entry.key.size(), entry.value.size());
  }
  AMETHYST_TRY(reader.status());
  return WriteEncoded(batch.Representation(), batch.Count(), memtable_bytes, options);
}

Status Engine::CheckWritable() const {
  if (background_ == nullptr) {
    return base::NotSupported("{}: opened read-only; writes need another open", core_->directory);
  }
  if (core_->latch.IsSet()) return core_->latch.status();
  return core_->lock->OwnedByThisProcess() ? Status() : Forked(*core_);
}

Status Engine::WriteEncoded(std::string_view payload, uint32_t count, size_t memtable_bytes,
                            const WriteOptions& options) {
  const OperationGate::Operation operation(core_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  if (payload.size() > core_->settings.batch_bytes_max) {
    return base::InvalidArgument("a batch of {} bytes is over the limit of {}, a quarter of memory_budget_bytes",
                                 payload.size(), core_->settings.batch_bytes_max);
  }
  if (memtable_bytes > core_->settings.batch_memory_bytes_max) {
    return base::InvalidArgument(
        "a batch of {} entries takes {} bytes of memory, over the limit of {}, half of memory_budget_bytes", count,
        memtable_bytes, core_->settings.batch_memory_bytes_max);
  }
  const SampledTimer timer(*core_, Sample::kWriteNs);
  if (const auto delay = background_->pacer().Wait(payload.size()); delay.count() > 0) {
    core_->statistics.Add(Counter::kWriteDelays);
    core_->statistics.Add(Counter::kWriteDelayUs, static_cast<uint64_t>(delay.count()));
  }
  AMETHYST_TRY(Commit(payload, count, memtable_bytes, options.durability));
  core_->statistics.Add(Counter::kWrites);
  core_->statistics.Add(Counter::kEntriesWritten, count);
  core_->statistics.Add(Counter::kUserBytesWritten, payload.size());
  return {};
}

Status Engine::Commit(std::string_view payload, uint32_t count, size_t memtable_bytes, Durability durability) {
  Committer::Outcome outcome;
  for (bool is_first_refusal = true;;) {
    outcome = committer_.Write(payload, count, memtable_bytes, durability != Durability::kNone);
    if (outcome.switched) background_->Notify();
    if (!outcome.needs_room) break;
    AMETHYST_TRY(outcome.status ? background_->WaitForRoom()
                                : background_->WaitForSpace(outcome.status, std::exchange(is_first_refusal, false)));
  }
  AMETHYST_TRY(outcome.status);
  return durability == Durability::kSync ? Sync(outcome.end) : Status();
}

Status Engine::Sync(wal::LogPosition position) {
  AMETHYST_TRY(core_->latch.status());
  const auto start = core_->environment->clock().Monotonic();
  if (Status synced = core_->log->Sync(position); !synced) {
    if (!ClearsByItself(synced.error())) core_->Fail(synced.error());
    return synced;
  }
  const auto elapsed = core_->environment->clock().Monotonic() - start;
  core_->statistics.Record(Sample::kSyncUs, static_cast<uint64_t>(elapsed.count() / 1000));
  return {};
}

Status Engine::SyncWal() {
  const OperationGate::Operation operation(core_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  return Sync(core_->log->end());
}

// --- Reads ---

key::SequenceNumber Engine::VisibleTo(const ReadOptions& options) const {
  return key::SequenceNumber{options.snapshot != nullptr ? options.snapshot->sequence()
                                                         : core_->visible.load(std::memory_order_acquire)};
}

Result<bool> Engine::Get(std::string_view key, const ReadOptions& options,
                         base::FunctionRef<void(std::string_view)> take) {
  const SampledTimer timer(*core_, Sample::kGetNs);
  AMETHYST_ASSIGN(const std::optional<bool> found, TryGet(key, options, take));
  return found ? *found : GetSlowly(key, options, take);
}

Result<std::optional<bool>> Engine::TryGet(std::string_view key, const ReadOptions& options,
                                           base::FunctionRef<void(std::string_view)> take) {
  const base::EpochGuard guard;
  if (core_->gate.IsClosed()) return std::unexpected(Closed().error());
  const View& view = *core_->view->Peek();  // Before the visible sequence: see view.h.
  const key::LookupKey lookup(key, VisibleTo(options));
  const Found found = FindResident(view, lookup, core_->statistics);
  if (found.state == LookupState::kNotResident) return std::optional<bool>();
  if (found.state == LookupState::kPut) take(found.value);
  core_->statistics.Add(Counter::kGets);
  core_->statistics.Add(Counter::kGetsFound, found.state == LookupState::kPut ? 1 : 0);
  return found.state == LookupState::kPut;
}

// Something has to be read: from a view taken anew, and so with a sequence taken anew.
Result<bool> Engine::GetSlowly(std::string_view key, const ReadOptions& options,
                               base::FunctionRef<void(std::string_view)> take) {
  const OperationGate::Operation operation(core_->gate);
  if (!operation) return std::unexpected(Closed().error());
  core_->statistics.Add(Counter::kGets);
  const ViewPtr view = core_->view->Acquire();
  const key::LookupKey lookup(key, VisibleTo(options));
  AMETHYST_ASSIGN(const PinnedFound found, FindAndTell(*core_, *view, lookup, options.fill_cache));
  if (found.state != LookupState::kPut) return false;
  core_->statistics.Add(Counter::kGetsFound);
  take(found.value);
  return true;
}

Result<std::optional<PinnedValue>> Engine::GetPinned(std::string_view key, const ReadOptions& options) {
  const OperationGate::Operation operation(core_->gate);
  if (!operation) return std::unexpected(Closed().error());
  core_->statistics.Add(Counter::kGets);
  const ViewPtr view = core_->view->Acquire();
  const key::LookupKey lookup(key, VisibleTo(options));
  AMETHYST_ASSIGN(PinnedFound found, FindAndTell(*core_, *view, lookup, options.fill_cache));
  if (found.state != LookupState::kPut) return std::optional<PinnedValue>();
  core_->statistics.Add(Counter::kGetsFound);
  return PinnedValue(found.value, std::move(found.owner));
}

std::vector<Result<std::optional<std::string>>> Engine::MultiGet(std::span<const std::string_view> keys,
                                                                 const ReadOptions& options) {
  std::vector<Result<std::optional<std::string>>> results;
  results.reserve(keys.size());
  const OperationGate::Operation operation(core_->gate);
  if (!operation) {
    for (size_t i = 0; i < keys.size(); ++i) results.emplace_back(std::unexpected(Closed().error()));
    return results;
  }
  const ViewPtr view = core_->view->Acquire();
  const key::SequenceNumber visible = VisibleTo(options);
  core_->statistics.Add(Counter::kGets, keys.size());
  constexpr size_t kGroupMax = 32;
  std::array<Found, kGroupMax> found;
  std::vector<key::LookupKey> group;
  for (size_t begin = 0; begin < keys.size(); begin += group.size()) {
    group.clear();
    for (const std::string_view key : keys.subspan(begin, std::min(kGroupMax, keys.size() - begin))) {
      group.emplace_back(key, visible);
    }
    {
      const base::EpochGuard guard;
      FindResident(*view, group, std::span(found).first(group.size()), core_->statistics);
      for (size_t i = 0; i < group.size(); ++i) {
        auto& result = results.emplace_back();
        if (found[i].state == LookupState::kPut) result->emplace(found[i].value);
      }
    }
    for (size_t i = 0; i < group.size(); ++i) {
      if (found[i].state != LookupState::kNotResident) continue;
      Result<PinnedFound> read = FindAndTell(*core_, *view, group[i], options.fill_cache);
      if (!read) {
        results[begin + i] = std::unexpected(std::move(read).error());
      } else if (read->state == LookupState::kPut) {
        results[begin + i]->emplace(read->value);
      }
    }
  }
  const auto is_found = [](const auto& result) { return result && result->has_value(); };
  core_->statistics.Add(Counter::kGetsFound, static_cast<uint64_t>(std::ranges::count_if(results, is_found)));
  return results;
}

std::unique_ptr<DbIterator> Engine::NewIterator(const ReadOptions& options) {
  return std::make_unique<DbIterator>(core_, options);
}

std::unique_ptr<SnapshotPin> Engine::NewSnapshot() {
  return std::make_unique<SnapshotPin>(core_->snapshots, core_->visible);
}

// --- Maintenance ---

Status Engine::Flush() {
  const OperationGate::Operation operation(core_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  return background_->Flush();
}

Status Engine::CompactRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  const OperationGate::Operation operation(core_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  return background_->CompactRange(begin, end);
}

Status Engine::WaitForIdle() {
  const OperationGate::Operation operation(core_->gate);
  if (!operation) return Closed();
  return background_ == nullptr ? Status() : background_->WaitForIdle();
}

Result<uint64_t> Engine::ApproximateSize(std::string_view begin, std::string_view end) {
  const OperationGate::Operation operation(core_->gate);
  if (!operation) return std::unexpected(Closed().error());
  if (!core_->settings.order.Less(begin, end)) return 0;
  const ViewPtr view = core_->view->Acquire();
  uint64_t bytes = view->active->memtable.ApproximateBytes(begin, end);
  for (const WriteBufferPtr& buffer : view->immutable) bytes += buffer->memtable.ApproximateBytes(begin, end);
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::TablePtr& table : view->version->Overlapping(level, begin, end)) {
      AMETHYST_ASSIGN(const sstable::TableReader* reader, table->Open());
      AMETHYST_ASSIGN(const uint64_t from, reader->ApproximateOffset(begin));
      AMETHYST_ASSIGN(const uint64_t to, reader->ApproximateOffset(end));
      bytes += to - std::min(from, to);
    }
  }
  return bytes;
}

Stats Engine::GetStats() {
  const OperationGate::Operation operation(core_->gate);
  Stats stats = StatsOf(*core_, static_cast<bool>(operation));
  if (operation && background_ != nullptr) stats.compaction_debt_bytes = background_->debt_bytes();
  return stats;
}

// --- Close ---

Status Engine::Close() {
  base::MutexLock lock(close_mutex_);
  if (closed_) return *closed_;
  if (!core_->lock->OwnedByThisProcess()) return Forked(*core_);
  closed_ = CloseOnce();
  return *closed_;
}

// Goes on to the end whatever fails, and returns the first error.
Status Engine::CloseOnce() noexcept {
  if (background_ != nullptr) background_->StopCompactions();
  core_->gate.CloseAndWait(*core_->flusher);
  base::DrainEpochs();  // Of readers that did not pass the gate.
  Status closed = background_ == nullptr ? Status() : base::Contained([this] { return background_->StopAndFlush(); });
  if (core_->log != nullptr && !core_->latch.IsSet()) {
    Status ended = base::Contained([this] { return EndLog(*core_); });
    if (closed) closed = std::move(ended);
    base::DoIfPossible([this] {
      if (core_->tables_bytes() < SpaceReserve::kFromBytes) static_cast<void>(core_->reserve->GiveUp());
    });
  }
  core_->log.reset();
  core_->executor.reset();  // Joins: no job is left.
  core_->flusher.reset();
  Status tree_closed = base::Contained([this] { return core_->tree->Close(); });
  if (closed) closed = std::move(tree_closed);
  core_->store->Close();
  core_->home.reset();
  core_->lock.reset();
  LetGoOfMemory();
  return closed;
}

// What iterators and pinned values do not hold goes now, not when the object does.
void Engine::LetGoOfMemory() {
  base::DoIfPossible([this] {
    auto empty = std::make_shared<View>();
    // Of no pool, whose budget may live on: it takes some kilobytes.
    empty->active = std::make_shared<WriteBuffer>(0, core_->settings.order, std::make_shared<memtable::RegionPool>());
    empty->version = std::make_shared<const tree::Version>(core_->settings.order);
    RetireView(core_->view->Update([&](const View&) { return std::move(empty); }));
  });
  committer_.Close();
  core_->tree.reset();
  core_->memtable_regions->Close();
  base::DrainEpochs();
}

}  // namespace amethyst::engine
