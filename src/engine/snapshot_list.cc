#include "engine/snapshot_list.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "key/expiry.h"

namespace amethyst::engine {

namespace {

// The first slot that a thread tries: mostly no other thread's.
size_t HomeOfThread() {
  constinit static std::atomic<size_t> threads{0};
  constinit thread_local size_t home = 0;  // 0: it has none yet.
  if (home == 0) [[unlikely]]
    home = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  return home;
}

}  // namespace

// As a hazard pointer (Michael 2004): what is pinned was announced, and visible still. A list that does not see it
// announced has looked before (a fence of its own stands between what its job has chosen and that look), and so all
// that is in its job's inputs is within what is visible here.
SnapshotList::Slot* SnapshotList::TakeSlot(const std::atomic<uint64_t>& visible, key::SequenceNumber* pinned) {
  const size_t home = HomeOfThread();
  for (size_t i = 0; i < kSlotsTried; ++i) {
    Slot& slot = slots_[(home + i) % kSlots];
    uint64_t free = Slot::kFree;
    uint64_t announced = visible.load(std::memory_order_acquire);
    if (slot.taken.load(std::memory_order_relaxed) != free ||
        !slot.taken.compare_exchange_strong(free, announced + 1, std::memory_order_seq_cst)) {
      continue;
    }
    for (uint64_t now; (now = visible.load(std::memory_order_seq_cst)) != announced; announced = now) {
      slot.taken.store(now + 1, std::memory_order_seq_cst);
    }
    *pinned = key::SequenceNumber{announced};
    return &slot;
  }
  return nullptr;
}

SnapshotList::Place SnapshotList::Add(const std::atomic<uint64_t>& visible, ReadClock& clock,
                                      std::chrono::nanoseconds since) {
  key::SequenceNumber sequence{};
  if (Slot* const slot = TakeSlot(visible, &sequence)) [[likely]] {
    const uint64_t now_ms = clock.ReadTimeMs();  // After the sequence: see ReadClock.
    slot->now_ms.store(now_ms, std::memory_order_release);
    slot->since_ns.store(since.count(), std::memory_order_relaxed);
    return {.read = {sequence, now_ms}, .slot = slot};
  }
  base::MutexLock lock(mutex_);
  sequence = key::SequenceNumber{visible.load(std::memory_order_acquire)};  // Before the time: see ReadClock.
  return Insert({.read = {sequence, clock.ReadTimeMs()}, .since = since});
}

SnapshotList::Place SnapshotList::Add(const std::atomic<uint64_t>& visible, uint64_t time_ms) {
  base::MutexLock lock(mutex_);
  return Insert({.read = {key::SequenceNumber{visible.load(std::memory_order_acquire)}, time_ms}});
}

SnapshotList::Place SnapshotList::Add(key::ReadPoint read) {
  base::MutexLock lock(mutex_);
  return Insert({.read = read});
}

// Most pins are of the newest sequence, so the end is the place to begin with.
SnapshotList::Place SnapshotList::Insert(const Pin& pin) {
  if (spare_.empty()) return {.read = pin.read, .other = others_.insert(others_.end(), pin)};
  spare_.value() = pin;
  return {.read = pin.read, .other = others_.insert(others_.end(), std::move(spare_))};
}

void SnapshotList::Remove(const Place& place) {
  if (place.slot != nullptr) [[likely]] {
    AMETHYST_DCHECK(place.slot->taken.load(std::memory_order_relaxed) == key::Raw(place.read.visible) + 1);
    place.slot->now_ms.store(Slot::kAnyTime, std::memory_order_relaxed);
    place.slot->since_ns.store(kNotSaid.count(), std::memory_order_relaxed);
    place.slot->taken.store(Slot::kFree, std::memory_order_release);
    return;
  }
  Pinned::node_type removed;  // What it replaces is freed outside the lock.
  base::MutexLock lock(mutex_);
  AMETHYST_DCHECK(!others_.empty());
  removed = std::exchange(spare_, others_.extract(place.other));
}

// Under the lock from the start, so that a pin of another's moment is seen, or comes when the other has been.
template <typename Visit>
void SnapshotList::ForEach(Visit visit) const {
  base::MutexLock lock(mutex_);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // See TakeSlot.
  for (const Slot& slot : slots_) {
    const uint64_t taken = slot.taken.load(std::memory_order_acquire);
    if (taken == Slot::kFree) continue;
    visit(Pin{.read = {key::SequenceNumber{taken - 1}, slot.now_ms.load(std::memory_order_acquire)},
              .since = std::chrono::nanoseconds(slot.since_ns.load(std::memory_order_relaxed))});
  }
  for (const Pin& pin : others_) visit(pin);
}

std::vector<key::SequenceNumber> SnapshotList::List() const {
  std::vector<key::SequenceNumber> list;
  ForEach([&](const Pin& pin) { list.push_back(pin.read.visible); });
  std::ranges::sort(list);
  list.erase(std::ranges::unique(list).begin(), list.end());
  return list;
}

uint64_t SnapshotList::count() const {
  uint64_t count = 0;
  ForEach([&](const Pin&) { ++count; });
  return count;
}

uint64_t SnapshotList::OldestReadTimeMs() const {
  uint64_t oldest = key::kNeverMs;
  ForEach([&](const Pin& pin) {
    if (pin.read.now_ms != 0) oldest = std::min(oldest, pin.read.now_ms);
  });
  return oldest;
}

std::optional<std::chrono::nanoseconds> SnapshotList::OldestSince() const {
  std::optional<std::chrono::nanoseconds> oldest;
  ForEach([&](const Pin& pin) {
    if (pin.since != kNotSaid && (!oldest || pin.since < *oldest)) oldest = pin.since;
  });
  return oldest;
}

}  // namespace amethyst::engine
