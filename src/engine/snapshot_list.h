// The live snapshots: what compaction must keep.
//
// A job that takes the list after it has chosen its inputs may drop what none of them sees: later snapshots see at
// least everything in the inputs. Thread safety: any thread. Lock rank: leaf. The list lives as long as its last pin.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "base/mutex.h"
#include "key/types.h"

namespace amethyst::engine {

class SnapshotPin;

class SnapshotList : public std::enable_shared_from_this<SnapshotList> {
 public:
  // Pins what `visible` holds now; no job's list can fall between the load and the pin.
  [[nodiscard]] std::unique_ptr<SnapshotPin> Pin(const std::atomic<uint64_t>& visible) AMETHYST_EXCLUDES(mutex_);
  // Pins `sequence`, which another pin holds already.
  [[nodiscard]] std::unique_ptr<SnapshotPin> PinAt(key::SequenceNumber sequence) AMETHYST_EXCLUDES(mutex_);
  // Ascending, each once.
  [[nodiscard]] std::vector<key::SequenceNumber> List() const AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] uint64_t count() const AMETHYST_EXCLUDES(mutex_);
  void Release(key::SequenceNumber sequence) AMETHYST_EXCLUDES(mutex_);  // For SnapshotPin.

 private:
  [[nodiscard]] std::unique_ptr<SnapshotPin> Insert(key::SequenceNumber sequence) AMETHYST_REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::multiset<key::SequenceNumber> pinned_ AMETHYST_GUARDED_BY(mutex_);
};

class SnapshotPin {
 public:
  SnapshotPin(std::shared_ptr<SnapshotList> list, key::SequenceNumber sequence)
      : list_(std::move(list)), sequence_(sequence) {}
  ~SnapshotPin() { list_->Release(sequence_); }
  SnapshotPin(const SnapshotPin&) = delete;
  SnapshotPin& operator=(const SnapshotPin&) = delete;

  [[nodiscard]] key::SequenceNumber sequence() const { return sequence_; }

 private:
  const std::shared_ptr<SnapshotList> list_;
  const key::SequenceNumber sequence_;
};

}  // namespace amethyst::engine
