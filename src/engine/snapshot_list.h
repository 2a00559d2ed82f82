// The live snapshots: what compaction must keep.
//
// A job that takes the list after it has chosen its inputs may drop what none of them sees: later snapshots see at
// least everything in the inputs. Thread safety: any thread. The list lives as long as its last pin.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "base/mutex.h"
#include "key/types.h"

namespace amethyst::engine {

class SnapshotList {
 public:
  // Ascending, each once.
  [[nodiscard]] std::vector<key::SequenceNumber> List() const AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] uint64_t count() const AMETHYST_EXCLUDES(mutex_);

  // For SnapshotPin.
  using Pinned = std::multiset<key::SequenceNumber>;
  [[nodiscard]] Pinned::iterator Add(const std::atomic<uint64_t>& visible) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Pinned::iterator Add(key::SequenceNumber sequence) AMETHYST_EXCLUDES(mutex_);
  void Remove(Pinned::iterator place) AMETHYST_EXCLUDES(mutex_);

 private:
  [[nodiscard]] Pinned::iterator Insert(key::SequenceNumber sequence) AMETHYST_REQUIRES(mutex_);

  mutable base::Mutex mutex_{base::LockRank::kSnapshots};
  Pinned pinned_ AMETHYST_GUARDED_BY(mutex_);
  Pinned::node_type spare_ AMETHYST_GUARDED_BY(mutex_);  // Of the last pin removed: iterators come and go.
};

class SnapshotPin {
 public:
  // Pins what `visible` holds now; no job's list can fall between the load and the pin.
  SnapshotPin(std::shared_ptr<SnapshotList> list, const std::atomic<uint64_t>& visible)
      : list_(std::move(list)), place_(list_->Add(visible)) {}
  // Pins `sequence`, which another pin holds already.
  SnapshotPin(std::shared_ptr<SnapshotList> list, key::SequenceNumber sequence)
      : list_(std::move(list)), place_(list_->Add(sequence)) {}
  ~SnapshotPin() { list_->Remove(place_); }
  SnapshotPin(const SnapshotPin&) = delete;
  SnapshotPin& operator=(const SnapshotPin&) = delete;

  [[nodiscard]] key::SequenceNumber sequence() const { return *place_; }

 private:
  const std::shared_ptr<SnapshotList> list_;
  const SnapshotList::Pinned::iterator place_;
};

}  // namespace amethyst::engine
