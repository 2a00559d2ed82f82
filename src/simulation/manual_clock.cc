#include "simulation/manual_clock.h"

#include <algorithm>

#include "base/assert.h"
#include "io/next_due.h"

namespace amethyst::simulation {

class ManualClock::TimerHandle final : public io::PeriodicJob {
 public:
  TimerHandle(std::list<Timer>* timers, std::list<Timer>::iterator timer) : timers_(timers), timer_(timer) {}
  ~TimerHandle() override { timers_->erase(timer_); }

 private:
  std::list<Timer>* const timers_;
  const std::list<Timer>::iterator timer_;
};

void ManualClock::Advance(std::chrono::nanoseconds duration) {
  AMETHYST_ASSERT(duration.count() >= 0);
  const auto until = now_ + duration;
  if (!running_) {  // Else the Advance further up the stack goes on to run what falls due.
    for (Timer* timer = Next(); timer != nullptr && timer->due <= until; timer = Next()) Run(*timer);
  }
  now_ = std::max(now_, until);
}

bool ManualClock::AdvanceToNextTimer() {
  Timer* const timer = Next();
  if (timer == nullptr || running_) return false;
  Run(*timer);
  return true;
}

std::unique_ptr<io::PeriodicJob> ManualClock::AddTimer(std::chrono::milliseconds interval, std::function<void()> job) {
  AMETHYST_ASSERT(interval.count() > 0 && job != nullptr);
  timers_.push_back({.due = now_ + interval, .interval = interval, .job = std::move(job)});
  return std::make_unique<TimerHandle>(&timers_, std::prev(timers_.end()));
}

ManualClock::Timer* ManualClock::Next() {
  const auto next = std::ranges::min_element(timers_, {}, &Timer::due);
  return next == timers_.end() ? nullptr : &*next;
}

void ManualClock::Run(Timer& timer) {
  now_ = std::max(now_, timer.due);
  running_ = true;
  timer.job();
  running_ = false;
  timer.due = io::NextDue(timer.due, timer.interval, now_);
}

}  // namespace amethyst::simulation
