// Background jobs on real threads, those of the pool: of one executor at most so many run at once, the most urgent that
// waits first, and the oldest among equals.
//
// It has no thread while it has no job. Thread safety: any thread at once. Jobs run without a lock of the executor.
#pragma once

#include <atomic>

#include "io/environment.h"
#include "io/thread_pool.h"

namespace amethyst::io {

class ThreadExecutor final : public Executor {
 public:
  // At most that many jobs run at once; fewer while the system gives no more threads.
  explicit ThreadExecutor(uint32_t threads);
  ~ThreadExecutor() override;

  void Schedule(Priority priority, std::function<void()> job) override;
  Result<std::unique_ptr<PeriodicJob>> ScheduleEvery(std::chrono::milliseconds interval,
                                                     std::function<void()> job) override;
  Result<std::unique_ptr<PeriodicJob>> ScheduleOnWake(std::chrono::milliseconds interval,
                                                      std::function<void()> job) override;
  // Where there is no thread at all the caller's runs the jobs.
  void Wait(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready) override
      AMETHYST_REQUIRES(mutex);
  bool WaitFor(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready,
               std::chrono::microseconds timeout) override AMETHYST_REQUIRES(mutex);
  uint32_t thread_count() const override { return thread_count_.load(std::memory_order_relaxed); }
  void SetThreadCount(uint32_t threads) override;

 private:
  ThreadPool& pool_;
  ThreadPool::Queue queue_;
  std::atomic<uint32_t> thread_count_;  // As the queue's limit, which is the pool's.
};

// Why there is no thread.
[[nodiscard]] std::unexpected<Error> NoThread();

}  // namespace amethyst::io
