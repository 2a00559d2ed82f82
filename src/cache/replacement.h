// Which frame of a shard leaves next.
//
// kScanResistant is S3-FIFO (Yang et al. 2023): new frames queue in "small", a tenth of the bytes; those hit more than
// once there move on to "main", the others leave and are remembered as ghosts; a ghost that comes back goes to main at
// once. Main is a FIFO that gives a frame another round for each hit. So a scan passes through small and touches
// nothing else. kLru is one list, most recent hit in front.
//
// A full cache need not take in what was read (AdmitsRead): uniform reads of more than it holds would only replace
// blocks by their equals, and pay for it. So a ghost gets its place in main at once only if small would still have held
// it; of older ones each fourth may look for a cold frame where main's hand stands (as TinyLFU lets a newcomer
// contend with the victim, Einziger et al. 2017); and what is no ghost goes to small only while small earns its keep.
//
// Frames that anything but their slot refers to (pins, resident children) are in use and not taken: LRU counts that as
// a hit; in small they get a second round (enough for a scan's index page to lose its children) and then move to main,
// where they go round until they are free. So no queue collects frames that every search for a victim would have to
// pass. Bytes count, not frames. Thread safety: none; each shard guards its own by its lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "amethyst/options.h"
#include "cache/frame.h"
#include "cache/ghost_list.h"

namespace amethyst::cache {

class Replacement {
 public:
  explicit Replacement(CachePolicy policy) : policy_(policy) {}

  // `frame` is now in a slot; it stays the caller's.
  void Insert(Frame& frame);
  // Has what AdmitsRead and Insert will look for on its way, while the frame is being filled.
  void Prefetch(FrameIdentity identity) const;
  // Whether `frame`, which is in no slot, is worth one: to be told before Insert. AdmitsRead: in a full cache.
  // AdmitsScanned: of a long scan, if it is remembered. If not, it is remembered from now on, until `count_max` others
  // are. Always under kLru.
  [[nodiscard]] bool AdmitsRead(const Frame& frame);
  [[nodiscard]] bool AdmitsScanned(const Frame& frame, size_t count_max);
  // The frame was hit; matters under kLru only.
  void Hit(Frame& frame);
  // `frame` leaves for a reason of its own; it is not remembered.
  void Remove(Frame& frame);
  // Removes the frame that should leave next; nullptr if all are pinned. A search passes no more than `passed_max`
  // frames in use in either queue: it then gives up, and the next one goes on from there.
  [[nodiscard]] Frame* TakeVictim(size_t passed_max = std::numeric_limits<size_t>::max());
  // Any frame that is in, pinned or not: for the end.
  [[nodiscard]] Frame* Oldest() const { return small_.oldest != nullptr ? small_.oldest : main_.oldest; }

  [[nodiscard]] size_t bytes() const { return small_.bytes + main_.bytes; }
  [[nodiscard]] size_t frame_count() const { return small_.count + main_.count; }
  // Frames in use that searches for a victim have passed so far: what is spent in vain.
  [[nodiscard]] uint64_t passed_in_use() const { return passed_in_use_; }

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

  // As many ghosts as frames: that far back a frame's return tells that it would have been worth keeping.
  [[nodiscard]] size_t GhostsMax() const { return frame_count() + 1; }
  void NoteSmallUse(bool used) { small_use_ += ((used ? 1.0F : 0.0F) - small_use_) / kSmallUseOver; }
  [[nodiscard]] Queue& QueueOf(Frame& frame);
  enum class Found : uint8_t { kCold, kWarm, kInUse };
  [[nodiscard]] Frame* TakeLruVictim(size_t passed_max);
  [[nodiscard]] Frame* TakeFifoVictim(size_t passed_max);
  [[nodiscard]] Found LeaveSmall(Frame& frame);
  // Main's hand: the oldest stays where it is if it may go; if not it goes round, and a warm one loses a hit.
  [[nodiscard]] Found LookAtOldestInMain();
  // Whether the hand comes to a cold one before it has passed what a newcomer may find warm.
  [[nodiscard]] bool FindColdInMain();

  static constexpr float kSmallUseOver = 64;  // Frames, in the moving average.

  const CachePolicy policy_;
  Queue small_{.name = FrameQueue::kSmall};
  Queue main_{.name = FrameQueue::kMain};
  GhostList ghosts_;
  // The share of what passed small lately, or would have, that was hit while there: a moving average.
  float small_use_ = 1;
  uint32_t old_ghosts_ = 0;  // That asked to be admitted.
  uint64_t passed_in_use_ = 0;
};

}  // namespace amethyst::cache
