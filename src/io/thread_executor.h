// Background jobs on real threads: a fixed pool that takes the most urgent waiting job first, oldest first among
// equals. Thread safety: any thread at once. Jobs run without a lock of the executor.
#pragma once

#include <array>
#include <deque>
#include <thread>
#include <vector>

#include "io/environment.h"

namespace amethyst::io {

class ThreadExecutor final : public Executor {
 public:
  // With that many threads. The system may give fewer: see thread_count. Without a thread no job runs.
  explicit ThreadExecutor(uint32_t threads);
  ~ThreadExecutor() override;

  void Schedule(Priority priority, std::function<void()> job) override;
  Result<std::unique_ptr<PeriodicJob>> ScheduleEvery(std::chrono::milliseconds interval,
                                                     std::function<void()> job) override;
  void Wait(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready) override
      AMETHYST_REQUIRES(mutex);
  bool WaitFor(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready,
               std::chrono::microseconds timeout) override AMETHYST_REQUIRES(mutex);
  uint32_t thread_count() const override { return static_cast<uint32_t>(threads_.size()); }

 private:
  void Work();
  // The most urgent job, empty if none waits.
  [[nodiscard]] std::function<void()> Take() AMETHYST_REQUIRES(mutex_);

  base::Mutex mutex_{base::LockRank::kExecutor};
  base::CondVar job_waits_;
  std::array<std::deque<std::function<void()>>, kPriorities> waiting_ AMETHYST_GUARDED_BY(mutex_);
  bool stop_ AMETHYST_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

// Why there is no thread.
[[nodiscard]] std::unexpected<Error> NoThread();

}  // namespace amethyst::io
