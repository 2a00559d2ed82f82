#include "engine/snapshot_list.h"

#include <utility>

#include "base/assert.h"

namespace amethyst::engine {

// Most pins are of the newest sequence, so the end is the place to begin with.
SnapshotList::Pinned::iterator SnapshotList::Insert(key::SequenceNumber sequence) {
  if (spare_.empty()) return pinned_.insert(pinned_.end(), sequence);
  spare_.value() = sequence;
  return pinned_.insert(pinned_.end(), std::move(spare_));
}

SnapshotList::Pinned::iterator SnapshotList::Add(const std::atomic<uint64_t>& visible) {
  base::MutexLock lock(mutex_);
  return Insert(key::SequenceNumber{visible.load(std::memory_order_acquire)});
}

SnapshotList::Pinned::iterator SnapshotList::Add(key::SequenceNumber sequence) {
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

void SnapshotList::Remove(Pinned::iterator place) {
  Pinned::node_type removed;  // What it replaces is freed outside the lock.
  base::MutexLock lock(mutex_);
  removed = std::exchange(spare_, pinned_.extract(place));
}

}  // namespace amethyst::engine
