#include "memtable/region_pool.h"

#include <algorithm>
#include <new>
#include <utility>

namespace amethyst::memtable {

RegionPool::RegionPool(std::shared_ptr<cache::MemoryBudget> budget, size_t floor_bytes)
    : budget_(std::move(budget)), floor_bytes_(floor_bytes) {
  Reserve(0, floor_bytes);
}

RegionPool::~RegionPool() { Close(); }

io::MemoryRegion RegionPool::Take(size_t bytes) {
  size_t before = 0;
  size_t now = 0;
  {
    base::MutexLock lock(mutex_);
    ++alive_;
    if (spare_ && spare_->size() == bytes) return *std::exchange(spare_, std::nullopt);
    before = Reserved();
    held_bytes_ += bytes;
    now = Reserved();
  }
  Reserve(before, now);
  try {
    return io::MemoryRegion(bytes);
  } catch (const std::bad_alloc&) {
    Forget(bytes);
    throw;
  }
}

void RegionPool::Forget(size_t bytes) {
  size_t before = 0;
  size_t now = 0;
  {
    base::MutexLock lock(mutex_);
    --alive_;
    before = Reserved();
    held_bytes_ -= bytes;
    now = Reserved();
  }
  Reserve(before, now);
}

void RegionPool::Put(io::MemoryRegion region) {
  std::optional<io::MemoryRegion> unneeded = std::move(region);
  size_t before = 0;
  size_t now = 0;
  {
    base::MutexLock lock(mutex_);
    --alive_;
    const bool is_usual = floor_bytes_ == 0 || unneeded->size() <= floor_bytes_;
    if (!closed_ && is_usual && alive_ <= kAliveMax) std::swap(spare_, unneeded);
    before = Reserved();
    if (unneeded) held_bytes_ -= unneeded->size();
    now = Reserved();
  }
  unneeded.reset();  // Unmapped outside the lock, and before the cache may take its place.
  Reserve(before, now);
}

void RegionPool::Close() {
  std::optional<io::MemoryRegion> unneeded;
  size_t before = 0;
  size_t now = 0;
  {
    base::MutexLock lock(mutex_);
    before = Reserved();
    closed_ = true;
    std::swap(spare_, unneeded);
    if (unneeded) held_bytes_ -= unneeded->size();
    floor_bytes_ = 0;
    now = Reserved();
  }
  unneeded.reset();
  Reserve(before, now);
}

size_t RegionPool::in_use_bytes() const {
  base::MutexLock lock(mutex_);
  return held_bytes_ - (spare_ ? spare_->size() : 0);
}

size_t RegionPool::Reserved() const { return std::max(held_bytes_, floor_bytes_); }

void RegionPool::Reserve(size_t before, size_t now) {
  if (budget_ != nullptr && now != before) budget_->Add(static_cast<ptrdiff_t>(now) - static_cast<ptrdiff_t>(before));
}

}  // namespace amethyst::memtable
