// The live snapshots: what compaction must keep.
//
// A job that takes the list after it has chosen its inputs may drop what none of them sees: later snapshots see at
// least everything in the inputs, and at a later time.
//
// A new pin takes one of a few slots, with no lock: it announces a sequence number, and then looks whether that is the
// visible one still. Where a list misses the announcement, the look is later than all that the list's job has chosen.
// Pins for which no slot is free, and those of a moment that another pin holds, which may be released while a list is
// taken, are kept under a lock. Thread safety: any thread. The list lives as long as its last pin.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "engine/read_clock.h"
#include "key/read_point.h"

namespace amethyst::engine {

class SnapshotList {
 public:
  // Ascending, each once.
  [[nodiscard]] std::vector<key::SequenceNumber> List() const AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] uint64_t count() const AMETHYST_EXCLUDES(mutex_);
  // The least time of those that see anything expire; kNeverMs: there are none.
  [[nodiscard]] uint64_t OldestReadTimeMs() const AMETHYST_EXCLUDES(mutex_);

  // When the pin that has lived longest was made, of those that said when; nullopt: there are none.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> OldestSince() const AMETHYST_EXCLUDES(mutex_);

  // For SnapshotPin.
  static constexpr std::chrono::nanoseconds kNotSaid{-1};
  struct Pin {
    key::ReadPoint read;
    std::chrono::nanoseconds since = kNotSaid;  // By the monotonic clock.
  };
  struct BySequence {
    [[nodiscard]] bool operator()(const Pin& a, const Pin& b) const { return a.read.visible < b.read.visible; }
  };
  using Pinned = std::multiset<Pin, BySequence>;

  // Of one pin at a time; on a cache line of its own, for those of other threads are beside it.
  struct alignas(64) Slot {
    static constexpr uint64_t kFree = 0;
    static constexpr uint64_t kAnyTime = 1;  // Before all others.

    std::atomic<uint64_t> taken{kFree};      // 1 + the sequence number, or an earlier one while it is being pinned.
    std::atomic<uint64_t> now_ms{kAnyTime};  // The pin's; kAnyTime until it is known.
    std::atomic<std::chrono::nanoseconds::rep> since_ns{kNotSaid.count()};
  };
  // Where a pin is kept.
  struct Place {
    key::ReadPoint read;
    Slot* slot = nullptr;  // nullptr: it is among the others.
    Pinned::iterator other{};
  };
  [[nodiscard]] Place Add(const std::atomic<uint64_t>& visible, ReadClock& clock,
                          std::chrono::nanoseconds since = kNotSaid) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Place Add(const std::atomic<uint64_t>& visible, uint64_t time_ms) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Place Add(key::ReadPoint read) AMETHYST_EXCLUDES(mutex_);
  void Remove(const Place& place) AMETHYST_EXCLUDES(mutex_);

 private:
  static constexpr size_t kSlots = 32;
  static constexpr size_t kSlotsTried = 4;

  // nullptr: those that are tried are taken.
  [[nodiscard]] Slot* TakeSlot(const std::atomic<uint64_t>& visible, key::SequenceNumber* pinned);
  // Calls `visit` with each pin, in any order.
  template <typename Visit>
  void ForEach(Visit visit) const AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Place Insert(const Pin& pin) AMETHYST_REQUIRES(mutex_);

  std::array<Slot, kSlots> slots_{};
  mutable base::Mutex mutex_{base::LockRank::kSnapshots};
  Pinned others_ AMETHYST_GUARDED_BY(mutex_);
  Pinned::node_type spare_ AMETHYST_GUARDED_BY(mutex_);  // Of the last of them removed: iterators come and go.
};

struct View;

class SnapshotPin {
 public:
  // Pins what `visible` holds now, at this time; no job's list can fall between the load and the pin.
  SnapshotPin(std::shared_ptr<SnapshotList> list, const std::atomic<uint64_t>& visible, ReadClock& clock)
      : list_(std::move(list)), place_(list_->Add(visible, clock)) {}
  // The same at a time of the caller's choice, at which nothing has been dropped.
  SnapshotPin(std::shared_ptr<SnapshotList> list, const std::atomic<uint64_t>& visible, uint64_t time_ms)
      : list_(std::move(list)), place_(list_->Add(visible, time_ms)) {}
  // Pins a read's point, whose sequence another pin holds already, at an earlier time.
  SnapshotPin(std::shared_ptr<SnapshotList> list, key::ReadPoint read)
      : list_(std::move(list)), place_(list_->Add(read)) {}
  // The same as the first, of a snapshot, whose age is told of. `view`: of a follower, where what the sequence sees is
  // sure to be there only in that view, which was loaded before; nullptr: in any newer one, too.
  SnapshotPin(std::shared_ptr<SnapshotList> list, const std::atomic<uint64_t>& visible, ReadClock& clock,
              std::chrono::nanoseconds since, std::shared_ptr<const View> view)
      : list_(std::move(list)), place_(list_->Add(visible, clock, since)), view_(std::move(view)) {}
  ~SnapshotPin() { Release(); }
  SnapshotPin(const SnapshotPin&) = delete;
  SnapshotPin& operator=(const SnapshotPin&) = delete;

  // It pins nothing any more.
  void Release() {
    if (const std::shared_ptr<SnapshotList> list = std::exchange(list_, nullptr)) list->Remove(place_);
    view_ = nullptr;
  }
  [[nodiscard]] bool is_released() const { return list_ == nullptr; }

  [[nodiscard]] key::SequenceNumber sequence() const { return place_.read.visible; }
  [[nodiscard]] key::ReadPoint read() const { return place_.read; }
  // nullptr: any newer one shows the same.
  [[nodiscard]] const std::shared_ptr<const View>& view() const { return view_; }

 private:
  std::shared_ptr<SnapshotList> list_;  // nullptr: it is released.
  const SnapshotList::Place place_;
  std::shared_ptr<const View> view_;
};

}  // namespace amethyst::engine
