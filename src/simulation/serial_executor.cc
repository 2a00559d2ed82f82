#include "simulation/serial_executor.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/assert.h"

namespace amethyst::simulation {
namespace {

// A wait that as many rounds of periodic jobs in a row, with nothing else to run, do not end, never ends.
constexpr uint32_t kIdleTimersMax = 1000;

}  // namespace

void SerialQueue::Add(const io::Executor* owner, std::function<void()> job) {
  AMETHYST_ASSERT(job != nullptr);
  jobs_.push_back({.owner = owner, .run = std::move(job)});
}

bool SerialQueue::RunOne(const io::Executor* owner) {
  const auto eligible = [owner](const Job& job) { return owner == nullptr || job.owner == owner; };
  const auto count = static_cast<uint64_t>(std::ranges::count_if(jobs_, eligible));
  if (count == 0) return false;
  uint64_t skip = random_.Below(count);
  const auto drawn = std::ranges::find_if(jobs_, [&](const Job& job) { return eligible(job) && skip-- == 0; });
  const std::function<void()> run = std::move(drawn->run);
  jobs_.erase(drawn);
  run();
  return true;
}

SerialExecutor::SerialExecutor(std::shared_ptr<SerialQueue> queue, uint32_t threads)
    : queue_(std::move(queue)), threads_(std::max(threads, 1u)) {}

SerialExecutor::~SerialExecutor() {
  while (queue_->RunOne(this)) {
  }
}

void SerialExecutor::Schedule(io::Priority /*priority*/, std::function<void()> job) {
  queue_->Add(this, std::move(job));
}

Result<std::unique_ptr<io::PeriodicJob>> SerialExecutor::ScheduleEvery(std::chrono::milliseconds interval,
                                                                       std::function<void()> job) {
  return queue_->clock().AddTimer(interval, std::move(job));
}

void SerialExecutor::Wait(base::Mutex& mutex, base::CondVar& /*condition*/, base::FunctionRef<bool()> ready) {
  uint32_t idle_timers = 0;
  while (!ready()) {
    mutex.Unlock();
    if (queue_->RunOne(nullptr)) {
      idle_timers = 0;
    } else if (++idle_timers > kIdleTimersMax || !queue_->clock().AdvanceToNextTimer()) {
      std::fputs("amethyst: a simulated wait can never end: no job is left that could end it\n", stderr);
      std::abort();
    }
    mutex.Lock();
  }
}

bool SerialExecutor::WaitFor(base::Mutex& mutex, base::CondVar& /*condition*/, base::FunctionRef<bool()> ready,
                             std::chrono::microseconds timeout) {
  constexpr auto kHour = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::hours(1));
  const std::chrono::nanoseconds end = queue_->clock().Monotonic() + std::min(timeout, kHour);
  while (!ready()) {
    const bool is_over = queue_->clock().Monotonic() >= end;
    if (is_over) return false;
    mutex.Unlock();
    if (!queue_->RunOne(nullptr) && !queue_->clock().AdvanceToNextTimer()) {
      queue_->clock().Sleep(std::chrono::ceil<std::chrono::microseconds>(end - queue_->clock().Monotonic()));
    }
    mutex.Lock();
  }
  return true;
}

}  // namespace amethyst::simulation
