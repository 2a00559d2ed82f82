// The memory of the memtables of one database: that of the last one that died is kept for the next.
//
// For fresh pages have to be cleared by the kernel when they are first touched, 2 MiB at a time, and it is writers who
// would wait for that. Beside more than two memtables there is no spare: one fills, and one is being flushed; a second
// waits for flush only while writes press, and then the spare is soon taken. Thread safety: any thread at once; its
// lock is a leaf.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "io/memory_region.h"

namespace amethyst::memtable {

class RegionPool {
 public:
  // A region of `bytes`, whose content is as it comes.
  [[nodiscard]] io::MemoryRegion Take(size_t bytes) AMETHYST_EXCLUDES(mutex_) {
    {
      base::MutexLock lock(mutex_);
      ++alive_;
      if (spare_ && spare_->size() == bytes) return *std::exchange(spare_, std::nullopt);
    }
    return io::MemoryRegion(bytes);
  }

  void Put(io::MemoryRegion region) AMETHYST_EXCLUDES(mutex_) {
    std::optional<io::MemoryRegion> unneeded = std::move(region);  // Unmapped outside the lock.
    base::MutexLock lock(mutex_);
    --alive_;
    if (!closed_ && alive_ <= kAliveMax) std::swap(spare_, unneeded);
  }

  // Gives up the spare, and keeps none any more.
  void Close() AMETHYST_EXCLUDES(mutex_) {
    std::optional<io::MemoryRegion> unneeded;
    base::MutexLock lock(mutex_);
    closed_ = true;
    std::swap(spare_, unneeded);
  }

 private:
  static constexpr size_t kAliveMax = 2;  // Beside a spare.

  base::Mutex mutex_;
  std::optional<io::MemoryRegion> spare_ AMETHYST_GUARDED_BY(mutex_);
  size_t alive_ AMETHYST_GUARDED_BY(mutex_) = 0;
  bool closed_ AMETHYST_GUARDED_BY(mutex_) = false;
};

}  // namespace amethyst::memtable
