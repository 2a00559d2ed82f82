// One number for all memory: what memtables, buffers and open tables reserve is taken from the block cache's share.
//
// Shared by all databases opened with it. Reservations never wait and never fail: each caller has a limit of its own
// (see the engine's pacing), so that no wait can need memory that only the waiter holds; the cache gives way down to a
// floor of an eighth of the budget. Thread safety: any thread at once; reserving more not inside an epoch.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/fork.h"
#include "cache/block_cache.h"

namespace amethyst::cache {

class MemoryBudget {
 public:
  static constexpr size_t kCacheFloorOneIn = 8;

  MemoryBudget(size_t total_bytes, CachePolicy policy);

  [[nodiscard]] size_t total_bytes() const { return total_bytes_.load(std::memory_order_relaxed); }
  // What is reserved stays so; the cache gives way, or grows.
  void SetTotal(size_t bytes);
  [[nodiscard]] BlockCache& cache() { return cache_; }
  // Not in a forked child: a thread that is not there may have held the budget's locks.
  [[nodiscard]] bool OwnedByThisProcess() const { return generation_ == base::ForkGeneration(); }
  // Takes bytes from the cache's share, or gives them back. See Reservation.
  void Add(ptrdiff_t bytes);
  // Databases that share what memtables may take.
  void AddSharer() { sharers_.fetch_add(1, std::memory_order_relaxed); }
  void RemoveSharer() { sharers_.fetch_sub(1, std::memory_order_relaxed); }
  // One at least.
  [[nodiscard]] size_t sharers() const { return std::max<size_t>(sharers_.load(std::memory_order_relaxed), 1); }
  // As Add, for memtables.
  void AddForMemtables(ptrdiff_t bytes);
  // What memtables of all databases hold. Relaxed: those who ask may be late.
  [[nodiscard]] size_t memtable_bytes() const { return memtable_bytes_.load(std::memory_order_relaxed); }
  // Bytes reserved outside the cache.
  [[nodiscard]] size_t reserved_bytes() const { return reserved_bytes_.load(std::memory_order_relaxed); }

 private:
  void SetCacheShare(BlockCache::Shrink shrink);

  std::atomic<size_t> total_bytes_;  // Stored by SetTotal; who sets the cache's share looks again.
  const uint32_t generation_ = base::ForkGeneration();
  std::atomic<size_t> sharers_{0};
  std::atomic<size_t> memtable_bytes_{0};
  std::atomic<size_t> reserved_bytes_{0};  // Written by reservations of any thread; a plain sum.
  BlockCache cache_;
};

// Bytes taken out of a budget, given back at destruction. Move-only. The budget must outlive it.
class Reservation {
 public:
  Reservation() = default;
  Reservation(MemoryBudget& budget, size_t bytes) : budget_(&budget) { Resize(bytes); }
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation() { Resize(0); }
  void Resize(size_t bytes);
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  MemoryBudget* budget_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace amethyst::cache
