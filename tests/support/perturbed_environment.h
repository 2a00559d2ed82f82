// Another environment, in which jobs and calls of the file system begin late, by times drawn from a seed: threads meet
// in orders that they would not meet in by themselves.
//
// Half of what begins is not delayed, a quarter yields, a quarter sleeps for up to 0.3 ms. The operating system still
// has the last word, so a seed makes an order likely, not certain. Thread safety: any thread at once.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include "base/random.h"
#include "support/fault_file_system.h"

namespace amethyst::support {

class PerturbedEnvironment final : public io::Environment {
 public:
  // `base` must outlive it.
  PerturbedEnvironment(io::Environment& base, uint64_t seed) : base_(base), seed_(seed), files_(base.files()) {
    files_.Watch([this](Operation) { Delay(); });
  }

  io::FileSystem& files() override { return files_; }
  io::Clock& clock() override { return base_.clock(); }
  Result<std::unique_ptr<io::Executor>> NewExecutor(uint32_t threads) override {
    AMETHYST_ASSIGN(std::unique_ptr<io::Executor> executor, base_.NewExecutor(threads));
    return std::make_unique<LateExecutor>(*this, std::move(executor));
  }

  // For a thread of the test, between two of its steps.
  void Delay() {
    base::Random random(seed_ + 0x9e3779b97f4a7c15u * drawn_.fetch_add(1, std::memory_order_relaxed));
    const uint64_t kind = random.Below(4);
    if (kind == 2) std::this_thread::yield();
    if (kind == 3) std::this_thread::sleep_for(std::chrono::microseconds(random.Below(300)));
  }

 private:
  class LateExecutor final : public io::Executor {
   public:
    LateExecutor(PerturbedEnvironment& environment, std::unique_ptr<io::Executor> base)
        : environment_(environment), base_(std::move(base)) {}

    void Schedule(io::Priority priority, std::function<void()> job) override {
      base_->Schedule(priority, [this, job = std::move(job)] {
        environment_.Delay();
        job();
      });
    }
    Result<std::unique_ptr<io::PeriodicJob>> ScheduleEvery(std::chrono::milliseconds interval,
                                                           std::function<void()> job) override {
      return base_->ScheduleEvery(interval, std::move(job));
    }
    void Wait(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready) override
        AMETHYST_REQUIRES(mutex) {
      base_->Wait(mutex, condition, ready);
    }
    bool WaitFor(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready,
                 std::chrono::microseconds timeout) override AMETHYST_REQUIRES(mutex) {
      return base_->WaitFor(mutex, condition, ready, timeout);
    }
    uint32_t thread_count() const override { return base_->thread_count(); }

   private:
    PerturbedEnvironment& environment_;
    const std::unique_ptr<io::Executor> base_;
  };

  io::Environment& base_;
  const uint64_t seed_;
  std::atomic<uint64_t> drawn_{0};  // Numbers the delays.
  FaultFileSystem files_;
};

}  // namespace amethyst::support
