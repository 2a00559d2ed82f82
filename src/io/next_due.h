// When a periodic job runs next, on threads and in simulations alike. Thread safety: pure functions.
#pragma once

#include <algorithm>
#include <chrono>

namespace amethyst::io {

// Of a job that was due at `due` and has just run: what it took does not add to the interval. One that took longer is
// due at once, and does not catch up on what it missed.
template <typename Time, typename Interval>
[[nodiscard]] constexpr Time NextDue(Time due, Interval interval, Time now) {
  return std::max<Time>(due + interval, now);
}

}  // namespace amethyst::io
