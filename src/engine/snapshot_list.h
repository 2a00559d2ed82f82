// The live snapshots: what compaction must keep.
//
// A job that takes the list after it has chosen its inputs may drop what none of them sees: later snapshots see at
// least everything in the inputs, and at a later time. Thread safety: any thread. The list lives as long as its last
// pin.
#pragma once

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
  [[nodiscard]] Pinned::iterator Add(const std::atomic<uint64_t>& visible, ReadClock& clock,
                                     std::chrono::nanoseconds since = kNotSaid) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Pinned::iterator Add(const std::atomic<uint64_t>& visible, uint64_t time_ms) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Pinned::iterator Add(key::ReadPoint read) AMETHYST_EXCLUDES(mutex_);
  void Remove(Pinned::iterator place) AMETHYST_EXCLUDES(mutex_);

 private:
  [[nodiscard]] Pinned::iterator Insert(const Pin& pin) AMETHYST_REQUIRES(mutex_);

  mutable base::Mutex mutex_{base::LockRank::kSnapshots};
  Pinned pinned_ AMETHYST_GUARDED_BY(mutex_);
  Pinned::node_type spare_ AMETHYST_GUARDED_BY(mutex_);  // Of the last pin removed: iterators come and go.
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

  [[nodiscard]] key::SequenceNumber sequence() const { return place_->read.visible; }
  [[nodiscard]] key::ReadPoint read() const { return place_->read; }
  // nullptr: any newer one shows the same.
  [[nodiscard]] const std::shared_ptr<const View>& view() const { return view_; }

 private:
  std::shared_ptr<SnapshotList> list_;  // nullptr: it is released.
  const SnapshotList::Pinned::iterator place_;
  std::shared_ptr<const View> view_;
};

}  // namespace amethyst::engine
