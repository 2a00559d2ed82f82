#include "cache/memory_budget.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::cache {

MemoryBudget::MemoryBudget(size_t total_bytes, CachePolicy policy)
    : total_bytes_(total_bytes), cache_({.capacity_bytes = total_bytes, .policy = policy}) {}

void MemoryBudget::SetTotal(size_t bytes) {
  total_bytes_.store(bytes);
  SetCacheShare(BlockCache::Shrink::kNow);
}

void MemoryBudget::AddForMemtables(ptrdiff_t bytes) {
  memtable_bytes_.fetch_add(static_cast<size_t>(bytes), std::memory_order_relaxed);
  Add(bytes);
}

void MemoryBudget::Add(ptrdiff_t bytes) {
  const size_t before = reserved_bytes_.fetch_add(static_cast<size_t>(bytes), std::memory_order_seq_cst);
  AMETHYST_ASSERT(bytes >= 0 || before >= static_cast<size_t>(-bytes));
  // Who gives back may be in a function deferred to an epoch's end, and so never has to evict for others.
  SetCacheShare(bytes > 0 ? BlockCache::Shrink::kNow : BlockCache::Shrink::kLater);
}

// Several threads may be here at once and set capacities in any order: the last one to set it looks again, and
// corrects.
void MemoryBudget::SetCacheShare(BlockCache::Shrink shrink) {
  size_t total = 0, reserved = 0;
  do {
    total = total_bytes_.load();
    reserved = reserved_bytes_.load();
    const size_t floor_bytes = total / kCacheFloorOneIn;
    cache_.SetCapacity(total - std::min(reserved, total - floor_bytes), shrink);
  } while (reserved_bytes_.load() != reserved || total_bytes_.load() != total);
}

Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void Reservation::Resize(size_t bytes) {
  if (bytes == bytes_) return;
  AMETHYST_ASSERT(budget_ != nullptr);
  budget_->Add(static_cast<ptrdiff_t>(bytes) - static_cast<ptrdiff_t>(bytes_));
  bytes_ = bytes;
}

}  // namespace amethyst::cache
