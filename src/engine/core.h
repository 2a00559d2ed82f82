// The parts of one open database, put together: what the committer, the readers and the background jobs share.
//
// A struct, not an actor: it decides nothing. Parts are set while opening, before any other thread sees them, and stay
// until Close has waited for everybody. Thread safety: as each part says.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "amethyst/components.h"
#include "base/assert.h"
#include "base/containment.h"
#include "cache/memory_budget.h"
#include "engine/delete_clock.h"
#include "engine/error_latch.h"
#include "engine/operation_gate.h"
#include "engine/settings.h"
#include "engine/snapshot_list.h"
#include "engine/space_reserve.h"
#include "engine/statistics.h"
#include "engine/view.h"
#include "io/environment.h"
#include "tree/table_store.h"
#include "tree/tree.h"
#include "wal/log.h"

namespace amethyst::engine {

struct Core {
  Settings settings;
  std::string directory;
  Logger logger;
  std::shared_ptr<io::Environment> environment;  // For clock and threads.
  // The same with the files of `directory` as it was when it was opened; until Close.
  std::shared_ptr<io::Environment> home;
  std::shared_ptr<cache::MemoryBudget> budget;
  std::unique_ptr<io::FileLock> lock;
  std::unique_ptr<io::Executor> executor;  // Compactions; nullptr in a read-only database.
  std::unique_ptr<io::Executor> flusher;   // Flushes, new log segments, chores: they never wait behind a compaction.
  std::shared_ptr<tree::TableStore> store;
  std::unique_ptr<tree::Tree> tree;
  std::unique_ptr<DeleteClock> delete_clock;
  std::unique_ptr<SpaceReserve> reserve;  // nullptr in a read-only database, as the log.
  std::unique_ptr<wal::Log> log;
  std::unique_ptr<ViewCell> view;
  std::shared_ptr<memtable::RegionPool> memtable_regions;

  std::shared_ptr<SnapshotList> snapshots = std::make_shared<SnapshotList>();
  Statistics statistics;
  OperationGate gate;
  ErrorLatch latch;
  std::atomic<bool> stop_compactions{false};  // Set by Close and by Fail, read by running merges.
  std::atomic<bool> flush_rests{false};       // Writes do not press: compactions may take the flush's processor too.
  std::atomic<uint64_t> iterators{0};         // How many live; counted by themselves.
  // The sequence up to which all writes are applied. Stored by the committer (release) after the memtable insert;
  // loaded (acquire) by reads after they have their view.
  std::atomic<uint64_t> visible{0};
  std::shared_ptr<Core> itself;    // In a forked child that has let go of it: so that it is never destroyed.
  uint64_t torn_tails = 0;         // That recovery cut.
  uint64_t batches_recovered = 0;  // That it read from the log, and no table held.

  void Log(std::string_view line) const noexcept {
    base::DoIfPossible([&] {
      if (logger) logger(line);
    });
  }
  // Latches an error that does not clear by itself; true if it is the first.
  bool Fail(const Error& error) {
    AMETHYST_DCHECK(!ClearsByItself(error));
    stop_compactions.store(true, std::memory_order_release);
    return latch.Set(error);
  }
  // Counts what the calling thread, at background work, has taken since its clock said `before`.
  void CountCpu(std::chrono::nanoseconds before) {
    const std::chrono::nanoseconds taken = environment->clock().ThreadCpu() - before;
    statistics.Add(Counter::kBackgroundCpuNs, static_cast<uint64_t>(taken.count()));
  }
  [[nodiscard]] sstable::TableOptions TableOptionsOfDatabase() const {
    sstable::TableOptions table_options = settings.table_options();
    table_options.database_uid = tree->recovered().database_uid;
    return table_options;
  }
  [[nodiscard]] uint64_t tables_bytes() const {
    const std::shared_ptr<const tree::Version> version = view->Acquire()->version;
    uint64_t bytes = 0;
    for (key::Level level = 0; level < key::kLevels; ++level) bytes += version->LevelBytes(level);
    return bytes;
  }
  // In memtables.
  [[nodiscard]] uint64_t unflushed_bytes() const {
    const ViewPtr current = view->Acquire();
    uint64_t bytes = current->active->memtable.raw_bytes();
    for (const WriteBufferPtr& buffer : current->immutable) bytes += buffer->memtable.raw_bytes();
    return bytes;
  }
  // A fresh, empty write buffer with room for `capacity_bytes`.
  [[nodiscard]] WriteBufferPtr NewWriteBuffer(size_t capacity_bytes) const {
    auto buffer = std::make_shared<WriteBuffer>(capacity_bytes, settings.order, memtable_regions);
    buffer->created_s = delete_clock->Seconds();
    if (log != nullptr) buffer->first_log_segment = log->current_segment();
    return buffer;
  }
};

}  // namespace amethyst::engine
