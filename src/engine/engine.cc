#include "engine/engine.h"

#include <algorithm>
#include <array>

#include "amethyst/snapshot.h"
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

Status Forked(const Storage& storage) {
  return base::MakeError(ErrorCode::kBusy, "{}: this process was forked from the one that has the database open",
                         storage.directory);
}

Status CheckKey(std::string_view key) {
  if (key.size() <= kKeyBytesMax) return {};
  return base::InvalidArgument("a key of {} bytes is over the limit of {}", key.size(), kKeyBytesMax);
}

// Find, which tells of a filter that is lost.
Result<PinnedFound> FindAndTell(Database& database, const View& view, const key::LookupKey& lookup, bool fill_cache) {
  Result<PinnedFound> found = Find(view, lookup, fill_cache, database.reads->statistics);
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
      committer_(*reads_, database_->storage, database_->health, *database_->write_buffers,
                 {.write_buffer_bytes = database_->settings.write_buffer_bytes,
                  .immutable_count_max = database_->settings.immutable_count_max}) {
  if (database_->settings.options.read_only) return;
  background_ = std::make_unique<Background>(*database_, committer_);
}

Engine::~Engine() {
  base::DoIfPossible([this] { static_cast<void>(Close()); });
  base::MutexLock lock(close_mutex_);
  if (closed_) return;
  // A forked child: the threads are not here, and everything else is the parent's. Only the memory is ours, to be left.
  static_cast<void>(background_.release());
  database_->itself = database_;
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
  if (value.size() > database_->settings.batch_bytes_max) {
    return base::InvalidArgument("a value of {} bytes is over the limit of {}, a quarter of memory_budget_bytes",
                                 value.size(), database_->settings.batch_bytes_max);
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
    const OperationGate::Operation operation(reads_->gate);
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
    return base::NotSupported("{}: opened read-only; writes need another open", database_->storage.directory);
  }
  if (database_->health.latch.IsSet()) return database_->health.latch.status();
  return database_->storage.lock->OwnedByThisProcess() ? Status() : Forked(database_->storage);
}

Status Engine::WriteEncoded(std::string_view payload, uint32_t count, size_t memtable_bytes,
                            const WriteOptions& options) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  if (payload.size() > database_->settings.batch_bytes_max) {
    return base::InvalidArgument("a batch of {} bytes is over the limit of {}, a quarter of memory_budget_bytes",
                                 payload.size(), database_->settings.batch_bytes_max);
  }
  if (memtable_bytes > database_->settings.batch_memory_bytes_max) {
    return base::InvalidArgument(
        "a batch of {} entries takes {} bytes of memory, over the limit of {}, half of memory_budget_bytes", count,
        memtable_bytes, database_->settings.batch_memory_bytes_max);
  }
  const SampledTimer timer(*database_, Sample::kWriteNs);
  if (const auto delay = background_->throttle().pacer().Wait(payload.size()); delay.count() > 0) {
    reads_->statistics.Add(Counter::kWriteDelays);
    reads_->statistics.Add(Counter::kWriteDelayUs, static_cast<uint64_t>(delay.count()));
  }
  AMETHYST_TRY(Commit(payload, count, memtable_bytes, options.durability));
  reads_->statistics.Add(Counter::kWrites);
  reads_->statistics.Add(Counter::kEntriesWritten, count);
  reads_->statistics.Add(Counter::kUserBytesWritten, payload.size());
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
  AMETHYST_TRY(database_->health.latch.status());
  const auto start = database_->environment->clock().Monotonic();
  if (Status synced = database_->storage.log->Sync(position); !synced) {
    database_->health.FailUnlessItClears(synced.error());
    return synced;
  }
  const auto elapsed = database_->environment->clock().Monotonic() - start;
  reads_->statistics.Record(Sample::kSyncUs, static_cast<uint64_t>(elapsed.count() / 1000));
  return {};
}

Status Engine::SyncWal() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  return Sync(database_->storage.log->end());
}

// --- Reads ---

key::ReadPoint Engine::ReadPointOf(const ReadOptions& options) const {
  return key::SequenceNumber{options.snapshot != nullptr ? options.snapshot->sequence()
                                                         : reads_->visible.load(std::memory_order_acquire)};
}

Result<bool> Engine::Get(std::string_view key, const ReadOptions& options,
                         base::FunctionRef<void(std::string_view)> take) {
  const SampledTimer timer(*database_, Sample::kGetNs);
  AMETHYST_ASSIGN(const std::optional<bool> found, TryGet(key, options, take));
  if (found) [[likely]]
    return *found;
  AMETHYST_ASSIGN(const std::optional<PinnedValue> value, GetPinned(key, options));
  if (value) take(value->view());
  return value.has_value();
}

Result<std::optional<bool>> Engine::TryGet(std::string_view key, const ReadOptions& options,
                                           base::FunctionRef<void(std::string_view)> take) {
  const base::EpochGuard guard;
  if (reads_->gate.IsClosed()) return std::unexpected(Closed().error());
  const View& view = *reads_->view.Peek();  // Before the visible sequence: see view.h.
  const key::LookupKey lookup(key, ReadPointOf(options));
  const Found found = FindResident(view, lookup, reads_->statistics);
  if (found.state == LookupState::kNotResident) return std::optional<bool>();
  if (found.state == LookupState::kFound) take(found.value);
  reads_->statistics.Add(Counter::kGets);
  reads_->statistics.Add(Counter::kGetsFound, found.state == LookupState::kFound ? 1 : 0);
  return found.state == LookupState::kFound;
}

// May read, and so takes the view and the sequence anew where a TryGet came before.
Result<std::optional<PinnedValue>> Engine::GetPinned(std::string_view key, const ReadOptions& options) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  reads_->statistics.Add(Counter::kGets);
  const ViewPtr view = reads_->view.Acquire();
  const key::LookupKey lookup(key, ReadPointOf(options));
  AMETHYST_ASSIGN(PinnedFound found, FindAndTell(*database_, *view, lookup, options.fill_cache));
  if (found.state != LookupState::kFound) return std::optional<PinnedValue>();
  reads_->statistics.Add(Counter::kGetsFound);
  return PinnedValue(found.value, std::move(found.owner));
}

std::vector<Result<std::optional<std::string>>> Engine::MultiGet(std::span<const std::string_view> keys,
                                                                 const ReadOptions& options) {
  std::vector<Result<std::optional<std::string>>> results;
  results.reserve(keys.size());
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) {
    for (size_t i = 0; i < keys.size(); ++i) results.emplace_back(std::unexpected(Closed().error()));
    return results;
  }
  const ViewPtr view = reads_->view.Acquire();
  const key::ReadPoint read = ReadPointOf(options);
  reads_->statistics.Add(Counter::kGets, keys.size());
  constexpr size_t kGroupMax = 32;
  std::array<Found, kGroupMax> found;
  std::vector<key::LookupKey> group;
  for (size_t begin = 0; begin < keys.size(); begin += group.size()) {
    group.clear();
    for (const std::string_view key : keys.subspan(begin, std::min(kGroupMax, keys.size() - begin))) {
      group.emplace_back(key, read);
    }
    {
      const base::EpochGuard guard;
      FindResident(*view, group, std::span(found).first(group.size()), reads_->statistics);
      for (size_t i = 0; i < group.size(); ++i) {
        auto& result = results.emplace_back();
        if (found[i].state == LookupState::kFound) result->emplace(found[i].value);
      }
    }
    for (size_t i = 0; i < group.size(); ++i) {
      if (found[i].state != LookupState::kNotResident) continue;
      Result<PinnedFound> loaded = FindAndTell(*database_, *view, group[i], options.fill_cache);
      if (!loaded) {
        results[begin + i] = std::unexpected(std::move(loaded).error());
      } else if (loaded->state == LookupState::kFound) {
        results[begin + i]->emplace(loaded->value);
      }
    }
  }
  const auto is_found = [](const auto& result) { return result && result->has_value(); };
  reads_->statistics.Add(Counter::kGetsFound, static_cast<uint64_t>(std::ranges::count_if(results, is_found)));
  return results;
}

std::unique_ptr<DbIterator> Engine::NewIterator(const ReadOptions& options) {
  return std::make_unique<DbIterator>(reads_, options);
}

std::unique_ptr<SnapshotPin> Engine::NewSnapshot() {
  return std::make_unique<SnapshotPin>(reads_->snapshots, reads_->visible);
}

// --- Maintenance ---

Status Engine::Flush() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  return background_->Flush();
}

Status Engine::CompactRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  AMETHYST_TRY(CheckWritable());
  return background_->CompactRange(begin, end);
}

Status Engine::WaitForIdle() {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return Closed();
  return background_ == nullptr ? Status() : background_->WaitForIdle();
}

Result<uint64_t> Engine::ApproximateSize(std::string_view begin, std::string_view end) {
  const OperationGate::Operation operation(reads_->gate);
  if (!operation) return std::unexpected(Closed().error());
  if (!reads_->order.Less(begin, end)) return 0;
  const ViewPtr view = reads_->view.Acquire();
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
  const OperationGate::Operation operation(reads_->gate);
  Stats stats = StatsOf(*database_, static_cast<bool>(operation));
  if (operation && background_ != nullptr) stats.compaction_debt_bytes = background_->throttle().debt_bytes();
  return stats;
}

// --- Close ---

Status Engine::Close() {
  base::MutexLock lock(close_mutex_);
  if (closed_) return *closed_;
  if (!database_->storage.lock->OwnedByThisProcess()) return Forked(database_->storage);
  closed_ = CloseOnce();
  return *closed_;
}

// Goes on to the end whatever fails, and returns the first error.
Status Engine::CloseOnce() noexcept {
  Storage& storage = database_->storage;
  if (background_ != nullptr) background_->StopCompactions();
  reads_->gate.CloseAndWait(*database_->workers.flushes);
  base::DrainEpochs();  // Of readers that did not pass the gate.
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
  storage.log.reset();
  database_->workers.compactions.reset();  // Joins: no job is left.
  database_->workers.flushes.reset();
  Status storage_closed = storage.Close();
  if (closed) closed = std::move(storage_closed);
  LetGoOfMemory();
  return closed;
}

// What iterators and pinned values do not hold goes now, not when the object does.
void Engine::LetGoOfMemory() {
  base::DoIfPossible([this] {
    auto empty = std::make_shared<View>();
    // Of no pool, whose budget may live on: it takes some kilobytes.
    empty->active = std::make_shared<WriteBuffer>(0, reads_->order, std::make_shared<memtable::RegionPool>());
    empty->version = std::make_shared<const tree::Version>(reads_->order);
    RetireView(reads_->view.Update([&](const View&) { return std::move(empty); }));
  });
  committer_.Close();
  database_->storage.catalog.reset();
  database_->regions->Close();
  base::DrainEpochs();
}

}  // namespace amethyst::engine
