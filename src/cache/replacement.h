// Which frame of a shard leaves next.
//
// kScanResistant is S3-FIFO (Yang et al. 2023): new frames queue in "small", a tenth of the bytes; those hit more than
// once there move on to "main", the others leave and are remembered as ghosts; a ghost that comes back goes to main at
// once. Main is a FIFO that gives a frame another round for each hit. So a scan passes through small and touches
// nothing else. kLru is one list, most recent hit in front.
//
// Frames that anything but their slot refers to (pins, resident children) are in use and not taken: LRU counts that as
// a hit; in small they get a second round (enough for a scan's index page to lose its children) and then move to main,
// where they go round until they are free. So no queue collects frames that every search for a victim would have to
// pass. Bytes count, not frames. Thread safety: none; each shard guards its own by its lock.
#pragma once

#include <cstddef>

#include "amethyst/options.h"
#include "cache/frame.h"
#include "cache/ghost_list.h"

namespace amethyst::cache {

class Replacement {
 public:
  explicit Replacement(CachePolicy policy) : policy_(policy) {}

  // `frame` is now in a slot; it stays the caller's.
  void Insert(Frame& frame);
  // Whether `frame`, which is in no slot, is remembered, by the policy that has a memory; then Insert will know it. If
  // not it is from now on, until `count_max` others are.
  [[nodiscard]] bool Admits(const Frame& frame, size_t count_max);
  // The frame was hit; matters under kLru only.
  void Hit(Frame& frame);
  // `frame` leaves for a reason of its own; it is not remembered.
  void Remove(Frame& frame);
  // Removes the frame that should leave next; nullptr if all are pinned.
  [[nodiscard]] Frame* TakeVictim();
  // Any frame that is in, pinned or not: for the end.
  [[nodiscard]] Frame* Oldest() const { return small_.oldest != nullptr ? small_.oldest : main_.oldest; }

  [[nodiscard]] size_t bytes() const { return small_.bytes + main_.bytes; }
  [[nodiscard]] size_t frame_count() const { return small_.count + main_.count; }

 private:
  struct Queue {
    Frame* newest = nullptr;
    Frame* oldest = nullptr;
    size_t count = 0;
    size_t bytes = 0;
    FrameQueue name;

    void Push(Frame& frame);
    void Unlink(Frame& frame);
  };

  [[nodiscard]] Queue& QueueOf(Frame& frame);
  [[nodiscard]] Frame* TakeLruVictim();
  [[nodiscard]] Frame* TakeFifoVictim();
  [[nodiscard]] bool LeaveSmall(Frame& frame);

  const CachePolicy policy_;
  Queue small_{.name = FrameQueue::kSmall};
  Queue main_{.name = FrameQueue::kMain};
  GhostList ghosts_;
};

}  // namespace amethyst::cache
