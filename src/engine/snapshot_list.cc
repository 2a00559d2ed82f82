#include "engine/snapshot_list.h"

#include "base/assert.h"

namespace amethyst::engine {

std::unique_ptr<SnapshotPin> SnapshotList::Insert(key::SequenceNumber sequence) {
  pinned_.insert(sequence);
  return std::make_unique<SnapshotPin>(shared_from_this(), sequence);
}

std::unique_ptr<SnapshotPin> SnapshotList::Pin(const std::atomic<uint64_t>& visible) {
  base::MutexLock lock(mutex_);
  return Insert(key::SequenceNumber{visible.load(std::memory_order_acquire)});
}

std::unique_ptr<SnapshotPin> SnapshotList::PinAt(key::SequenceNumber sequence) {
  base::MutexLock lock(mutex_);
  AMETHYST_DCHECK(pinned_.contains(sequence));
  return Insert(sequence);
}

std::vector<key::SequenceNumber> SnapshotList::List() const {
  base::MutexLock lock(mutex_);
  std::vector<key::SequenceNumber> list;
  for (auto it = pinned_.begin(); it != pinned_.end(); it = pinned_.upper_bound(*it)) list.push_back(*it);
  return list;
}

uint64_t SnapshotList::count() const {
  base::MutexLock lock(mutex_);
  return pinned_.size();
}

void SnapshotList::Release(key::SequenceNumber sequence) {
  base::MutexLock lock(mutex_);
  const auto found = pinned_.find(sequence);
  AMETHYST_ASSERT(found != pinned_.end());
  pinned_.erase(found);
}

}  // namespace amethyst::engine
