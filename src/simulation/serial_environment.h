// An environment for simulations: any files, a manual clock, and all background work on the caller's thread, in an
// order drawn from a seed. Thread safety: one thread.
#pragma once

#include <memory>

#include "io/environment.h"
#include "simulation/manual_clock.h"
#include "simulation/serial_executor.h"

namespace amethyst::simulation {

class SerialEnvironment final : public io::Environment {
 public:
  SerialEnvironment(std::shared_ptr<io::FileSystem> files, uint64_t seed);

  io::FileSystem& files() override { return *files_; }
  ManualClock& clock() override { return *clock_; }
  Result<std::unique_ptr<io::Executor>> NewExecutor(uint32_t threads) override;

  // Runs one waiting job, of any executor, drawn by the seed; false if none waits. For the simulation's driver, which
  // so mixes background work with its own calls.
  bool RunOneJob() { return queue_->RunOne(nullptr); }
  [[nodiscard]] size_t waiting_jobs() const { return queue_->size(); }

 private:
  const std::shared_ptr<io::FileSystem> files_;
  const std::shared_ptr<ManualClock> clock_;
  const std::shared_ptr<SerialQueue> queue_;
};

}  // namespace amethyst::simulation
