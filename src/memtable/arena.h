// The memory of one memtable: one reserved region, handed out from both ends and given back only as a whole.
//
// Records of any size are stacked upward from the low end, cache-line aligned nodes downward from the high end, so
// neither pays for the other's alignment. Places are named by 32-bit offsets in granules of 8 bytes (0 is no place),
// half the size of pointers: an arena may be up to 32 GiB. What is handed out holds what it comes with.
//
// Thread safety: one thread allocates; At may be called by anyone; used_bytes may be slightly stale for others.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "memtable/region_pool.h"

namespace amethyst::memtable {

enum class Offset : uint32_t { kNone = 0 };

class Arena {
 public:
  static constexpr size_t kGranuleBytes = 8;
  static constexpr size_t kLineBytes = 64;
  static constexpr size_t kBytesMax = kGranuleBytes << 32;

  // Of at least `bytes` for allocations; only what is handed out is touched.
  explicit Arena(size_t bytes, std::shared_ptr<RegionPool> pool = std::make_shared<RegionPool>())
      : pool_(std::move(pool)),
        region_(pool_->Take(RoundUp(bytes + kLineBytes, kLineBytes))),
        touched_(region_.touched_bytes()),
        low_(kLineBytes),
        high_(region_.size()) {
    AMETHYST_ASSERT(region_.size() <= kBytesMax && region_.size() % kLineBytes == 0);
  }
  ~Arena() { pool_->Put(std::move(region_)); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Aligned to 8 bytes.
  [[nodiscard]] char* AllocateLow(size_t bytes) {
    const size_t begin = low_.load(std::memory_order_relaxed);
    const size_t end = begin + RoundUp(bytes, kGranuleBytes);
    AMETHYST_ASSERT(end <= high_.load(std::memory_order_relaxed));
    if (end > region_.low_end()) [[unlikely]]
      Touched(region_.ExtendLow(end));
    low_.store(end, std::memory_order_relaxed);
    return region_.data() + begin;
  }
  // Aligned to a cache line.
  [[nodiscard]] char* AllocateHigh(size_t bytes) {
    const size_t begin = high_.load(std::memory_order_relaxed) - RoundUp(bytes, kLineBytes);
    AMETHYST_ASSERT(low_.load(std::memory_order_relaxed) <= begin && begin < region_.size());
    if (begin < region_.high_begin()) [[unlikely]]
      Touched(region_.ExtendHigh(begin));
    high_.store(begin, std::memory_order_relaxed);
    return region_.data() + begin;
  }

  template <typename T>
  [[nodiscard]] T* At(Offset offset) const {
    AMETHYST_DCHECK(offset != Offset::kNone);
    return reinterpret_cast<T*>(region_.data() + static_cast<size_t>(offset) * kGranuleBytes);
  }
  [[nodiscard]] Offset OffsetOf(const void* place) const {
    const auto bytes = static_cast<size_t>(static_cast<const char*>(place) - region_.data());
    AMETHYST_DCHECK(bytes < region_.size() && bytes % kGranuleBytes == 0);
    return static_cast<Offset>(bytes / kGranuleBytes);
  }

  // Where AllocateLow goes on, in bytes from the arena's begin.
  [[nodiscard]] size_t low_bytes() const { return low_.load(std::memory_order_relaxed); }
  // Has memory, and is counted by the pool.
  [[nodiscard]] size_t touched_bytes() const { return touched_.load(std::memory_order_relaxed); }
  [[nodiscard]] size_t used_bytes() const {
    return low_.load(std::memory_order_relaxed) + (region_.size() - high_.load(std::memory_order_relaxed));
  }

  [[nodiscard]] static constexpr size_t RoundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

 private:
  void Touched(size_t bytes) {
    touched_.store(region_.touched_bytes(), std::memory_order_relaxed);
    pool_->AddTouched(bytes);
  }

  const std::shared_ptr<RegionPool> pool_;
  Region region_;
  std::atomic<size_t> touched_;  // As low_.
  std::atomic<size_t> low_;      // Stored by the allocating thread, loaded by used_bytes.
  std::atomic<size_t> high_;     // As low_.
};

}  // namespace amethyst::memtable
