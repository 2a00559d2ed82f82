// The memory of the memtables of one database: that of the last one that died is kept for the next.
//
// For fresh pages have to be cleared by the kernel when they are first touched, 2 MiB at a time, and it is writers who
// would wait for that. Beside more than two memtables there is no spare: one fills, and one is being flushed; a second
// waits for flush only while writes press, and then the spare is soon taken. Nor is one kept that is larger than the
// floor: it was made for one large batch; nor where many databases of one budget hold a lot already.
//
// What has been touched of all that it holds, spare and memtables that only their readers keep included, is reserved in
// the memory budget. Once reserved, as much as the floor stays so, or this database's share of it: room for the usual
// memtables need not be taken from the cache time and again. Thread safety: any thread at once.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "cache/memory_budget.h"
#include "memtable/region.h"

namespace amethyst::memtable {

class RegionPool {
 public:
  RegionPool() = default;  // Of no budget.
  // With a floor: of a database's writes, which shares the budget with those of other databases.
  RegionPool(std::shared_ptr<cache::MemoryBudget> budget, size_t floor_bytes);
  ~RegionPool();

  // A region of `bytes`, whose content is as it comes. Throws std::bad_alloc.
  [[nodiscard]] Region Take(size_t bytes) AMETHYST_EXCLUDES(mutex_);
  // So much more of a region that was taken is about to be touched. Not inside an epoch.
  void AddTouched(size_t bytes) AMETHYST_EXCLUDES(mutex_);
  void Put(Region region) AMETHYST_EXCLUDES(mutex_);
  // Touched by memtables.
  [[nodiscard]] size_t in_use_bytes() const AMETHYST_EXCLUDES(mutex_);
  // Another floor, of a pool that has one. Not inside an epoch.
  void SetFloor(size_t bytes) AMETHYST_EXCLUDES(mutex_);
  // Gives up the spare and the floor, and keeps none any more.
  void Close() AMETHYST_EXCLUDES(mutex_);

 private:
  static constexpr size_t kAliveMax = 2;   // Beside a spare.
  static constexpr size_t kFloorsMax = 2;  // Of all memtables of the budget, beside a spare.

  // What has to be reserved now, set and returned as a change of what was.
  [[nodiscard]] ptrdiff_t Settle() AMETHYST_REQUIRES(mutex_);
  void Reserve(ptrdiff_t change) AMETHYST_EXCLUDES(mutex_);

  const std::shared_ptr<cache::MemoryBudget> budget_;
  mutable base::Mutex mutex_{base::LockRank::kMemtableMemory};
  std::optional<Region> spare_ AMETHYST_GUARDED_BY(mutex_);
  size_t alive_ AMETHYST_GUARDED_BY(mutex_) = 0;
  size_t held_bytes_ AMETHYST_GUARDED_BY(mutex_) = 0;  // By those alive and the spare.
  size_t held_bytes_max_ AMETHYST_GUARDED_BY(mutex_) = 0;
  size_t floor_bytes_ AMETHYST_GUARDED_BY(mutex_) = 0;
  size_t reserved_bytes_ AMETHYST_GUARDED_BY(mutex_) = 0;
  bool closed_ AMETHYST_GUARDED_BY(mutex_) = false;
};

}  // namespace amethyst::memtable
