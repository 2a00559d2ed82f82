#include "engine/snapshot_list.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "key/expiry.h"

namespace amethyst::engine {

// Most pins are of the newest sequence, so the end is the place to begin with.
SnapshotList::Pinned::iterator SnapshotList::Insert(const Pin& pin) {
  if (spare_.empty()) return pinned_.insert(pinned_.end(), pin);
  spare_.value() = pin;
  return pinned_.insert(pinned_.end(), std::move(spare_));
}

SnapshotList::Pinned::iterator SnapshotList::Add(const std::atomic<uint64_t>& visible, ReadClock& clock,
                                                 std::chrono::nanoseconds since) {
  base::MutexLock lock(mutex_);
  const key::SequenceNumber sequence{visible.load(std::memory_order_acquire)};  // Before the time: see ReadClock.
  return Insert({.read = {sequence, clock.ReadTimeMs()}, .since = since});
}

SnapshotList::Pinned::iterator SnapshotList::Add(const std::atomic<uint64_t>& visible, uint64_t time_ms) {
  base::MutexLock lock(mutex_);
  return Insert({.read = {key::SequenceNumber{visible.load(std::memory_order_acquire)}, time_ms}});
}

SnapshotList::Pinned::iterator SnapshotList::Add(key::ReadPoint read) {
  base::MutexLock lock(mutex_);
  AMETHYST_DCHECK(pinned_.contains({.read = read}));
  return Insert({.read = read});
}

std::vector<key::SequenceNumber> SnapshotList::List() const {
  base::MutexLock lock(mutex_);
  std::vector<key::SequenceNumber> list;
  for (auto it = pinned_.begin(); it != pinned_.end(); it = pinned_.upper_bound(*it)) list.push_back(it->read.visible);
  return list;
}

uint64_t SnapshotList::count() const {
  base::MutexLock lock(mutex_);
  return pinned_.size();
}

uint64_t SnapshotList::OldestReadTimeMs() const {
  base::MutexLock lock(mutex_);
  uint64_t oldest = key::kNeverMs;
  for (const Pin& pin : pinned_) {
    if (pin.read.now_ms != 0) oldest = std::min(oldest, pin.read.now_ms);
  }
  return oldest;
}

std::optional<std::chrono::nanoseconds> SnapshotList::OldestSince() const {
  base::MutexLock lock(mutex_);
  std::optional<std::chrono::nanoseconds> oldest;
  for (const Pin& pin : pinned_) {
    if (pin.since != kNotSaid && (!oldest || pin.since < *oldest)) oldest = pin.since;
  }
  return oldest;
}

void SnapshotList::Remove(Pinned::iterator place) {
  Pinned::node_type removed;  // What it replaces is freed outside the lock.
  base::MutexLock lock(mutex_);
  AMETHYST_DCHECK(!pinned_.empty());
  removed = std::exchange(spare_, pinned_.extract(place));
}

}  // namespace amethyst::engine
