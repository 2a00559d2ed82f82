#include "io/thread_executor.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::io {
namespace {

// How often a wait looks again whether jobs have to be run by the caller, because the last thread is gone.
constexpr std::chrono::seconds kLookAgain{1};

class PoolTimer final : public PeriodicJob {
 public:
  PoolTimer(ThreadPool& pool, std::chrono::milliseconds interval, std::function<void()> job)
      : pool_(pool), timer_{.interval = interval, .job = std::move(job)} {
    timer_.place.assign(1, &timer_);
  }
  ~PoolTimer() override { pool_.Disarm(timer_); }

  Status Wake() override { return pool_.Arm(timer_) ? Status() : NoThread(); }
  void Rest() override { pool_.Rest(timer_); }

 private:
  ThreadPool& pool_;
  ThreadPool::Timer timer_;
};

}  // namespace

std::unexpected<Error> NoThread() {
  return base::MakeError(ErrorCode::kOutOfMemory, "start a thread: the system gives the process no more");
}

ThreadExecutor::ThreadExecutor(uint32_t threads)
    : pool_(ThreadPool::OfProcess()), queue_{.limit = threads}, thread_count_(threads) {
  AMETHYST_ASSERT(threads > 0);
  pool_.Add(queue_);
}

void ThreadExecutor::SetThreadCount(uint32_t threads) {
  AMETHYST_ASSERT(threads > 0);
  thread_count_.store(threads, std::memory_order_relaxed);
  pool_.SetLimit(queue_, threads);
}

ThreadExecutor::~ThreadExecutor() { pool_.Remove(queue_); }

void ThreadExecutor::Schedule(Priority priority, std::function<void()> job) {
  AMETHYST_ASSERT(job != nullptr && std::to_underlying(priority) < kPriorities);
  pool_.Schedule(queue_, priority, std::move(job));
}

Result<std::unique_ptr<PeriodicJob>> ThreadExecutor::ScheduleOnWake(std::chrono::milliseconds interval,
                                                                    std::function<void()> job) {
  AMETHYST_ASSERT(job != nullptr && interval.count() > 0);
  return std::make_unique<PoolTimer>(pool_, interval, std::move(job));
}

Result<std::unique_ptr<PeriodicJob>> ThreadExecutor::ScheduleEvery(std::chrono::milliseconds interval,
                                                                   std::function<void()> job) {
  AMETHYST_ASSIGN(std::unique_ptr<PeriodicJob> started, ScheduleOnWake(interval, std::move(job)));
  AMETHYST_TRY(started->Wake());
  return started;
}

void ThreadExecutor::Wait(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready) {
  while (!ready()) {
    mutex.Unlock();
    const bool helped = pool_.Help();
    mutex.Lock();
    if (!helped && !ready()) static_cast<void>(condition.WaitFor(mutex, kLookAgain));
  }
}

bool ThreadExecutor::WaitFor(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready,
                             std::chrono::microseconds timeout) {
  const auto begin = std::chrono::steady_clock::now();
  while (!ready()) {
    const auto waited = std::chrono::floor<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
    if (waited >= timeout) return false;
    // In slices: a deadline that is years away is beyond what the system's clocks hold.
    condition.WaitFor(mutex, std::min<std::chrono::microseconds>(timeout - waited, std::chrono::hours(1)));
  }
  return true;
}

}  // namespace amethyst::io
