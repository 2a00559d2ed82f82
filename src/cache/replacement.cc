#include "cache/replacement.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::cache {
namespace {

constexpr size_t kSmallOneIn = 10;  // The share of small in all bytes.
constexpr uint8_t kHeatToPromote =
    2;  // Hits that lead from small to main: one alone may be the second half of one access.

// The slot's own reference is the only one.
bool IsIdle(Frame& frame) { return frame.state().references.load(std::memory_order_relaxed) == 1; }

}  // namespace

void Replacement::Queue::Push(Frame& frame) {
  FrameState& state = frame.state();
  AMETHYST_ASSERT(state.queue == FrameQueue::kNone);
  state.queue = name;
  state.older = newest;
  state.newer = nullptr;
  (newest != nullptr ? newest->state().newer : oldest) = &frame;
  newest = &frame;
  ++count;
  bytes += frame.size_bytes();
}

void Replacement::Queue::Unlink(Frame& frame) {
  FrameState& state = frame.state();
  AMETHYST_ASSERT(state.queue == name);
  AMETHYST_ASSERT(count > 0 && bytes >= frame.size_bytes());
  (state.newer != nullptr ? state.newer->state().older : newest) = state.older;
  (state.older != nullptr ? state.older->state().newer : oldest) = state.newer;
  state.queue = FrameQueue::kNone;
  state.newer = nullptr;
  state.older = nullptr;
  --count;
  bytes -= frame.size_bytes();
}

Replacement::Queue& Replacement::QueueOf(Frame& frame) {
  AMETHYST_ASSERT(frame.state().queue != FrameQueue::kNone);
  return frame.state().queue == FrameQueue::kSmall ? small_ : main_;
}

void Replacement::Insert(Frame& frame) {
  if (policy_ == CachePolicy::kLru || ghosts_.Take(frame.identity())) {
    main_.Push(frame);
  } else {
    small_.Push(frame);
  }
}

void Replacement::Hit(Frame& frame) {
  if (policy_ != CachePolicy::kLru || main_.newest == &frame) return;
  main_.Unlink(frame);
  main_.Push(frame);
}

void Replacement::Remove(Frame& frame) { QueueOf(frame).Unlink(frame); }

Frame* Replacement::TakeVictim() { return policy_ == CachePolicy::kLru ? TakeLruVictim() : TakeFifoVictim(); }

Frame* Replacement::TakeLruVictim() {
  Frame* frame = main_.oldest;
  while (frame != nullptr && !IsIdle(*frame)) frame = frame->state().newer;
  if (frame != nullptr) main_.Unlink(*frame);
  return frame;
}

Frame* Replacement::TakeFifoVictim() {
  size_t pinned_in_small = 0;
  size_t pinned_in_main = 0;
  // Every frame of main goes round once for each hit and once to be taken. Hits that come in meanwhile do not prolong
  // this.
  for (size_t steps = frame_count() + main_.count * Frame::kHeatMax + 1; steps > 0; --steps) {
    const bool small_has_more = pinned_in_small < small_.count;
    const bool main_has_more = pinned_in_main < main_.count;
    if (!small_has_more && !main_has_more) return nullptr;
    const bool small_is_due = small_.bytes * kSmallOneIn > bytes();
    Queue& queue = small_has_more && (small_is_due || !main_has_more) ? small_ : main_;
    Frame& frame = *queue.oldest;
    std::atomic<uint8_t>& heat = frame.state().heat;
    const uint8_t hits = heat.load(std::memory_order_relaxed);
    queue.Unlink(frame);
    if (!IsIdle(frame)) {
      ++(&queue == &small_ ? pinned_in_small : pinned_in_main);
      queue.Push(frame);
    } else if (&queue == &small_ && hits >= kHeatToPromote) {
      heat.store(0, std::memory_order_relaxed);
      main_.Push(frame);
    } else if (&queue == &main_ && hits > 0) {
      heat.store(hits - 1, std::memory_order_relaxed);
      main_.Push(frame);
    } else {
      // As many ghosts as frames: that far back a frame's return tells that it would have been worth keeping.
      if (&queue == &small_) ghosts_.Add(frame.identity(), frame_count() + 1);
      return &frame;
    }
  }
  return nullptr;
}

}  // namespace amethyst::cache
