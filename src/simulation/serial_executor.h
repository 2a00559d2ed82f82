// Background jobs without threads: they wait in a queue until somebody waits for one or the simulation runs one, and
// which of them goes next is drawn from a seed. So a whole database, and several at once, run on one thread and repeat
// exactly.
//
// A wait first runs jobs (a job's own wait runs others inside it), then, with none left, moves the clock to the next
// periodic job. If neither can make it true, the program would hang with threads as well: it aborts and says so.
// Thread safety: one thread.
#pragma once

#include <memory>
#include <vector>

#include "base/random.h"
#include "io/environment.h"
#include "simulation/manual_clock.h"

namespace amethyst::simulation {

// The jobs of all executors of one simulation.
class SerialQueue {
 public:
  SerialQueue(std::shared_ptr<ManualClock> clock, uint64_t seed) : clock_(std::move(clock)), random_(seed) {}

  void Add(const io::Executor* owner, std::function<void()> job);
  // Runs one job, of `owner` or of anybody (nullptr), drawn from all those that wait. False: there is none.
  bool RunOne(const io::Executor* owner);
  [[nodiscard]] size_t size() const { return jobs_.size(); }
  [[nodiscard]] ManualClock& clock() { return *clock_; }

 private:
  struct Job {
    const io::Executor* owner;
    std::function<void()> run;
  };

  const std::shared_ptr<ManualClock> clock_;
  base::Random random_;
  std::vector<Job> jobs_;  // In the order they came.
};

class SerialExecutor final : public io::Executor {
 public:
  // Pretends to have `threads` threads (at least one), so that the engine schedules as many jobs at once.
  SerialExecutor(std::shared_ptr<SerialQueue> queue, uint32_t threads);
  ~SerialExecutor() override;

  void Schedule(io::Priority priority, std::function<void()> job) override;
  Result<std::unique_ptr<io::PeriodicJob>> ScheduleEvery(std::chrono::milliseconds interval,
                                                         std::function<void()> job) override;
  void Wait(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready) override
      AMETHYST_REQUIRES(mutex);
  bool WaitFor(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready,
               std::chrono::microseconds timeout) override AMETHYST_REQUIRES(mutex);
  uint32_t thread_count() const override { return threads_; }
  void SetThreadCount(uint32_t threads) override { threads_ = threads; }

 private:
  const std::shared_ptr<SerialQueue> queue_;
  uint32_t threads_;
};

}  // namespace amethyst::simulation
