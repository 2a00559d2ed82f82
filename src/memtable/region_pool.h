// The memory of the memtables of one database: that of the last one that died is kept for the next.
//
// For fresh pages have to be cleared by the kernel when they are first touched, 2 MiB at a time, and it is writers who
// would wait for that. Beside more than two memtables there is no spare: one fills, and one is being flushed; a second
// waits for flush only while writes press, and then the spare is soon taken. Nor is one kept that is larger than the
// floor: it was made for one large batch.
//
// All that it holds, spare and memtables that only their readers keep included, is reserved in the memory budget, and
// never less than a floor: so that room for the usual memtables need not be taken from the cache time and again.
// Thread safety: any thread at once.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "cache/memory_budget.h"
#include "io/memory_region.h"

namespace amethyst::memtable {

class RegionPool {
 public:
  RegionPool() = default;  // Of no budget.
  RegionPool(std::shared_ptr<cache::MemoryBudget> budget, size_t floor_bytes);
  ~RegionPool();

  // A region of `bytes`, whose content is as it comes. Throws std::bad_alloc. Not inside an epoch.
  [[nodiscard]] io::MemoryRegion Take(size_t bytes) AMETHYST_EXCLUDES(mutex_);
  void Put(io::MemoryRegion region) AMETHYST_EXCLUDES(mutex_);
  // By memtables.
  [[nodiscard]] size_t in_use_bytes() const AMETHYST_EXCLUDES(mutex_);
  // Gives up the spare and the floor, and keeps none any more.
  void Close() AMETHYST_EXCLUDES(mutex_);

 private:
  static constexpr size_t kAliveMax = 2;  // Beside a spare.

  [[nodiscard]] size_t Reserved() const AMETHYST_REQUIRES(mutex_);
  // A region that was counted and could not be had.
  void Forget(size_t bytes) AMETHYST_EXCLUDES(mutex_);
  // Tells the budget what has come of what was reserved `before`.
  void Reserve(size_t before, size_t now);

  const std::shared_ptr<cache::MemoryBudget> budget_;
  mutable base::Mutex mutex_{base::LockRank::kMemtableMemory};
  std::optional<io::MemoryRegion> spare_ AMETHYST_GUARDED_BY(mutex_);
  size_t alive_ AMETHYST_GUARDED_BY(mutex_) = 0;
  size_t held_bytes_ AMETHYST_GUARDED_BY(mutex_) = 0;  // By those alive and the spare.
  size_t floor_bytes_ AMETHYST_GUARDED_BY(mutex_) = 0;
  bool closed_ AMETHYST_GUARDED_BY(mutex_) = false;
};

}  // namespace amethyst::memtable
