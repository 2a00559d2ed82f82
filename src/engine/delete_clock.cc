#include "engine/delete_clock.h"

#include <algorithm>

namespace amethyst::engine {

DeleteClock::DeleteClock(io::Clock& clock, const tree::DeleteTime& noted)
    : clock_(clock), since_(noted), since_monotonic_(clock.Monotonic()), marked_s_(noted.seconds) {}

uint64_t DeleteClock::Seconds() {
  base::MutexLock lock(mutex_);
  return Now().seconds;
}

tree::DeleteTime DeleteClock::Mark() {
  base::MutexLock lock(mutex_);
  const tree::DeleteTime now = Now();
  marked_s_ = now.seconds;
  return now;
}

uint64_t DeleteClock::SecondsSinceMark() {
  base::MutexLock lock(mutex_);
  return Now().seconds - marked_s_;
}

tree::DeleteTime DeleteClock::Now() {
  const auto passed = std::chrono::floor<std::chrono::seconds>(clock_.Monotonic() - since_monotonic_);
  const uint64_t steady = since_.seconds + static_cast<uint64_t>(passed.count());
  const uint64_t by_wall = WallSeconds() + since_.ahead_of_wall;
  if (by_wall >= steady) {
    since_.seconds = by_wall;
    since_monotonic_ = clock_.Monotonic();
    return since_;
  }
  since_.ahead_of_wall += steady - by_wall;  // The wall clock was set back, or is slow.
  return {.seconds = steady, .ahead_of_wall = since_.ahead_of_wall};
}

uint64_t DeleteClock::WallSeconds() const {
  constexpr int64_t kSecondsMax = int64_t{1} << 40;  // Whatever a broken clock shows.
  const auto wall = std::chrono::floor<std::chrono::seconds>(clock_.WallTime());
  return static_cast<uint64_t>(std::clamp<int64_t>(wall.count(), 0, kSecondsMax));
}

}  // namespace amethyst::engine
