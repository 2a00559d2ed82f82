#include "cache/replacement.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::cache {
namespace {

constexpr size_t kSmallOneIn = 10;  // The share of small in all bytes.
constexpr uint8_t kHeatToPromote =
    2;  // Hits that lead from small to main: one alone may be the second half of one access.
constexpr float kSmallUseMin = 1.0F / 16;  // Below this, small is not worth its work.
constexpr uint32_t kContendOneIn = 4;      // Of older ghosts: each costs some misses of the processor's caches.
constexpr int kDuels = 2;                  // Frames of main that one newcomer may find warm before it loses.
constexpr int kDuelPassedMax = 8;          // Those in use included.

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
  AMETHYST_ASSERT(state.queue != FrameQueue::kNone &&
                  (state.queue == FrameQueue::kMain) == (name == FrameQueue::kMain));
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
  return frame.state().queue == FrameQueue::kMain ? main_ : small_;
}

void Replacement::Insert(Frame& frame) {
  if (policy_ == CachePolicy::kLru || ghosts_.Take(frame.identity())) {
    main_.Push(frame);
  } else {
    small_.Push(frame);
  }
}

void Replacement::Prefetch(FrameIdentity identity) const {
  ghosts_.Prefetch(identity);
  if (main_.oldest != nullptr) __builtin_prefetch(main_.oldest, 1);
}

bool Replacement::AdmitsScanned(const Frame& frame, size_t count_max) {
  if (policy_ == CachePolicy::kLru || ghosts_.AgeOf(frame.identity())) return true;
  ghosts_.Add(frame.identity(), count_max);
  return false;
}

bool Replacement::AdmitsRead(const Frame& frame) {
  if (policy_ == CachePolicy::kLru) return true;
  if (const std::optional<uint32_t> age = ghosts_.AgeOf(frame.identity())) {
    if (*age <= frame_count() / kSmallOneIn) {
      NoteSmallUse(true);
      return true;
    }
    if (++old_ghosts_ % kContendOneIn == 0 && FindColdInMain()) return true;
  } else {
    if (small_use_ >= kSmallUseMin) return true;
    NoteSmallUse(false);
  }
  ghosts_.Add(frame.identity(), GhostsMax());
  return false;
}

bool Replacement::FindColdInMain() {
  if (main_.count == 0) return true;
  int warm = 0;
  for (int passed = 0; warm < kDuels && passed < kDuelPassedMax; ++passed) {
    const Found found = LookAtOldestInMain();
    if (found == Found::kCold) return true;
    if (found == Found::kWarm) ++warm;
  }
  return false;
}

Replacement::Found Replacement::LookAtOldestInMain() {
  Frame& frame = *main_.oldest;
  std::atomic<uint8_t>& heat = frame.state().heat;
  const uint8_t hits = heat.load(std::memory_order_relaxed);
  const bool is_idle = IsIdle(frame);
  if (is_idle && hits == 0) return Found::kCold;
  if (is_idle) heat.store(hits - 1, std::memory_order_relaxed);
  main_.Unlink(frame);
  main_.Push(frame);
  return is_idle ? Found::kWarm : Found::kInUse;
}

void Replacement::Hit(Frame& frame) {
  if (policy_ != CachePolicy::kLru || main_.newest == &frame) return;
  main_.Unlink(frame);
  main_.Push(frame);
}

void Replacement::Remove(Frame& frame) { QueueOf(frame).Unlink(frame); }

Frame* Replacement::TakeVictim(size_t passed_max) {
  return policy_ == CachePolicy::kLru ? TakeLruVictim(passed_max) : TakeFifoVictim(passed_max);
}

Frame* Replacement::TakeLruVictim(size_t passed_max) {
  for (size_t left = std::min(main_.count, passed_max); left > 0; --left) {
    Frame& frame = *main_.oldest;
    main_.Unlink(frame);
    if (IsIdle(frame)) return &frame;
    main_.Push(frame);
    ++passed_in_use_;
  }
  return nullptr;
}

Frame* Replacement::TakeFifoVictim(size_t passed_max) {
  size_t pinned_in_row = 0;  // In main; as many as there are means that it has no others.
  size_t passed_in_main = 0;
  size_t passed_in_small = 0;
  for (;;) {
    const bool main_has_more = pinned_in_row < main_.count && passed_in_main < passed_max;
    const bool small_has_more = small_.count > 0 && passed_in_small < passed_max;
    if (!main_has_more && !small_has_more) return nullptr;
    const bool small_is_due = small_.bytes * kSmallOneIn > bytes();
    if (small_has_more && (small_is_due || !main_has_more)) {
      Frame& frame = *small_.oldest;
      const Found found = LeaveSmall(frame);
      if (found == Found::kCold) {
        ghosts_.Add(frame.identity(), GhostsMax());
        return &frame;
      }
      pinned_in_row = 0;
      if (found == Found::kInUse) ++passed_in_small, ++passed_in_use_;
      continue;
    }
    const Found found = LookAtOldestInMain();
    if (found == Found::kCold) {
      Frame& frame = *main_.oldest;
      main_.Unlink(frame);
      return &frame;
    }
    pinned_in_row = found == Found::kInUse ? pinned_in_row + 1 : 0;
    if (found == Found::kInUse) ++passed_in_main, ++passed_in_use_;
  }
}

// Takes the oldest frame out of small. Only if it is cold it is out: else it stays, for another round or in main.
Replacement::Found Replacement::LeaveSmall(Frame& frame) {
  std::atomic<uint8_t>& heat = frame.state().heat;
  const bool in_second_round = frame.state().queue == FrameQueue::kSmallAgain;
  small_.Unlink(frame);
  const bool is_idle = IsIdle(frame);
  if (!is_idle && !in_second_round) {
    small_.Push(frame);
    frame.state().queue = FrameQueue::kSmallAgain;
    return Found::kInUse;
  }
  NoteSmallUse(!is_idle || heat.load(std::memory_order_relaxed) > 0);
  if (is_idle && heat.load(std::memory_order_relaxed) < kHeatToPromote) return Found::kCold;
  heat.store(0, std::memory_order_relaxed);
  main_.Push(frame);
  return is_idle ? Found::kWarm : Found::kInUse;
}

}  // namespace amethyst::cache
