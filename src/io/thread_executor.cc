#include "io/thread_executor.h"

#include <pthread.h>

#include <new>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "io/next_due.h"

namespace amethyst::io {
namespace {

// Calls `start`, which makes a std::thread. False: the system gives none, or no memory for it.
bool TryStart(base::FunctionRef<void()> start) {
  try {
    start();
  } catch (const std::system_error&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

class PeriodicThread final : public PeriodicJob {
 public:
  PeriodicThread(std::chrono::milliseconds interval, std::function<void()> job)
      : interval_(interval), job_(std::move(job)), thread_([this] { Run(); }) {}

  ~PeriodicThread() override {
    {
      base::MutexLock lock(mutex_);
      stop_ = true;
      stopped_.NotifyOne();
    }
    thread_.join();
  }

 private:
  using SteadyClock = std::chrono::steady_clock;

  void Run() {
    pthread_setname_np(pthread_self(), "amethyst-timer");
    base::MutexLock lock(mutex_);
    auto due = SteadyClock::now() + interval_;
    while (!stop_) {
      const auto left = std::chrono::ceil<std::chrono::microseconds>(due - SteadyClock::now());
      if (left.count() > 0) {
        stopped_.WaitFor(mutex_, left);
        continue;
      }
      lock.Unlock();
      job_();
      due = NextDue(due, interval_, SteadyClock::now());
      lock.Lock();
    }
  }

  const std::chrono::milliseconds interval_;
  const std::function<void()> job_;
  base::Mutex mutex_{base::LockRank::kExecutor};  // Not held while the job runs.
  base::CondVar stopped_;
  bool stop_ AMETHYST_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace

std::unexpected<Error> NoThread() {
  return base::MakeError(ErrorCode::kOutOfMemory, "start a thread: the system gives the process no more");
}

ThreadExecutor::ThreadExecutor(uint32_t threads) {
  AMETHYST_ASSERT(threads > 0);
  threads_.reserve(threads);
  while (threads_.size() < threads && TryStart([&] { threads_.emplace_back([this] { Work(); }); })) {
  }
}

ThreadExecutor::~ThreadExecutor() {
  {
    base::MutexLock lock(mutex_);
    stop_ = true;
    job_waits_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

void ThreadExecutor::Schedule(Priority priority, std::function<void()> job) {
  AMETHYST_ASSERT(job != nullptr && std::to_underlying(priority) < kPriorities);
  base::MutexLock lock(mutex_);
  waiting_[std::to_underlying(priority)].push_back(std::move(job));
  job_waits_.NotifyOne();
}

Result<std::unique_ptr<PeriodicJob>> ThreadExecutor::ScheduleEvery(std::chrono::milliseconds interval,
                                                                   std::function<void()> job) {
  AMETHYST_ASSERT(job != nullptr && interval.count() > 0);
  std::unique_ptr<PeriodicJob> started;
  if (!TryStart([&] { started = std::make_unique<PeriodicThread>(interval, std::move(job)); })) return NoThread();
  return started;
}

void ThreadExecutor::Wait(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready) {
  while (!ready()) condition.Wait(mutex);
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

std::function<void()> ThreadExecutor::Take() {
  for (auto& queue : waiting_) {
    if (queue.empty()) continue;
    std::function<void()> job = std::move(queue.front());
    queue.pop_front();
    return job;
  }
  return nullptr;
}

void ThreadExecutor::Work() {
  pthread_setname_np(pthread_self(), "amethyst-work");
  base::MutexLock lock(mutex_);
  for (;;) {
    std::function<void()> job = Take();
    if (job != nullptr) {
      lock.Unlock();
      job();
      job = nullptr;  // What it captured goes outside the lock.
      lock.Lock();
    } else if (stop_) {
      return;
    } else {
      job_waits_.Wait(mutex_);
    }
  }
}

}  // namespace amethyst::io
