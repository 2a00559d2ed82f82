// A clock that stands still until told otherwise, with timers that fire when it passes them. For simulations.
//
// A sleep moves it on at once, but leaves what falls due to the next one who moves it on: on one thread the sleeper may
// hold what a timer would wait for. Wall time keeps an offset from monotonic time, which a test changes to make it
// jump. Thread safety: one thread; timers run on it, inside Advance.
#pragma once

#include <functional>
#include <list>
#include <memory>

#include "io/environment.h"

namespace amethyst::simulation {

class ManualClock final : public io::Clock {
 public:
  std::chrono::nanoseconds Monotonic() override { return now_; }
  std::chrono::milliseconds WallTime() override {
    return std::chrono::floor<std::chrono::milliseconds>(now_ + wall_offset_);
  }
  void Sleep(std::chrono::microseconds duration) override { now_ += duration; }

  // Moves on, and on the way runs every timer that falls due, in order. A timer may advance the clock itself.
  void Advance(std::chrono::nanoseconds duration);
  // Moves on to the next timer, and runs it. False if there is none, or timers are being run already.
  [[nodiscard]] bool AdvanceToNextTimer();
  void JumpWallTime(std::chrono::seconds by) { wall_offset_ += by; }

  // Runs `job` every `interval` until the handle dies, which must be before the clock does, and not in `job` itself.
  [[nodiscard]] std::unique_ptr<io::PeriodicJob> AddTimer(std::chrono::milliseconds interval,
                                                          std::function<void()> job);

 private:
  struct Timer {
    std::chrono::nanoseconds due;
    std::chrono::nanoseconds interval;
    std::function<void()> job;
  };
  class TimerHandle;

  // The one that falls due first, the oldest among equals; null if there is none.
  [[nodiscard]] Timer* Next();
  void Run(Timer& timer);

  std::chrono::nanoseconds now_{std::chrono::seconds(1)};
  std::chrono::nanoseconds wall_offset_{std::chrono::seconds(1'700'000'000)};
  std::list<Timer> timers_;
  bool running_ = false;
};

}  // namespace amethyst::simulation
