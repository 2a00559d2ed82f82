#include "memtable/region_pool.h"

#include <algorithm>
#include <utility>

namespace amethyst::memtable {

RegionPool::RegionPool(std::shared_ptr<cache::MemoryBudget> budget, size_t floor_bytes)
    : budget_(std::move(budget)), floor_bytes_(floor_bytes) {
  if (floor_bytes > 0) budget_->AddSharer();
}

RegionPool::~RegionPool() { Close(); }

Region RegionPool::Take(size_t bytes) {
  {
    base::MutexLock lock(mutex_);
    if (spare_ && spare_->size() == bytes) {
      ++alive_;
      return *std::exchange(spare_, std::nullopt);
    }
  }
  Region region(bytes);
  base::MutexLock lock(mutex_);
  ++alive_;
  return region;
}

void RegionPool::AddTouched(size_t bytes) {
  ptrdiff_t change = 0;
  {
    base::MutexLock lock(mutex_);
    held_bytes_ += bytes;
    held_bytes_max_ = std::max(held_bytes_max_, held_bytes_);
    change = Settle();
  }
  Reserve(change);
}

void RegionPool::Put(Region region) {
  std::optional<Region> unneeded = std::move(region);
  ptrdiff_t change = 0;
  {
    base::MutexLock lock(mutex_);
    --alive_;
    const bool is_usual = floor_bytes_ == 0 ||
                          (unneeded->size() <= floor_bytes_ && budget_->memtable_bytes() <= kFloorsMax * floor_bytes_);
    if (!closed_ && is_usual && alive_ <= kAliveMax) std::swap(spare_, unneeded);
    if (unneeded) held_bytes_ -= unneeded->touched_bytes();
    change = Settle();
  }
  unneeded.reset();  // Unmapped outside the lock, and before the cache may take its place.
  Reserve(change);
}

void RegionPool::SetFloor(size_t bytes) {
  std::optional<Region> unneeded;
  ptrdiff_t change = 0;
  {
    base::MutexLock lock(mutex_);
    if (closed_ || bytes == floor_bytes_) return;
    if (bytes < floor_bytes_) {
      std::swap(spare_, unneeded);  // Of a size that is asked for no more.
      held_bytes_max_ = std::min(held_bytes_max_, bytes);
    }
    floor_bytes_ = bytes;
    if (unneeded) held_bytes_ -= unneeded->touched_bytes();
    change = Settle();
  }
  unneeded.reset();
  Reserve(change);
}

void RegionPool::Close() {
  std::optional<Region> unneeded;
  ptrdiff_t change = 0;
  bool was_sharer = false;
  {
    base::MutexLock lock(mutex_);
    closed_ = true;
    std::swap(spare_, unneeded);
    if (unneeded) held_bytes_ -= unneeded->touched_bytes();
    was_sharer = std::exchange(floor_bytes_, 0) > 0;
    change = Settle();
  }
  unneeded.reset();
  Reserve(change);
  if (was_sharer) budget_->RemoveSharer();
}

size_t RegionPool::in_use_bytes() const {
  base::MutexLock lock(mutex_);
  return held_bytes_ - (spare_ ? spare_->touched_bytes() : 0);
}

ptrdiff_t RegionPool::Settle() {
  if (budget_ == nullptr) return 0;
  const size_t floor_bytes = std::min(held_bytes_max_, floor_bytes_ / budget_->sharers());
  const size_t before = std::exchange(reserved_bytes_, std::max(held_bytes_, floor_bytes));
  return static_cast<ptrdiff_t>(reserved_bytes_) - static_cast<ptrdiff_t>(before);
}

void RegionPool::Reserve(ptrdiff_t change) {
  if (change != 0) budget_->AddForMemtables(change);
}

}  // namespace amethyst::memtable
