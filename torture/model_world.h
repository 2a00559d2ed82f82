// The machine that a model program runs on: in simulation, files in memory under one thread, where calls can be made to
// fail, and the process or the power be lost; or the operating system's, where a restart is just that.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/fault_file_system.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {

enum class Loss : uint8_t { kNothing, kProcess, kPower };

class ModelWorld {
 public:
  // `real_path`: a directory of the operating system's; empty: a simulation.
  ModelWorld(std::string real_path, uint64_t seed);

  [[nodiscard]] bool simulated() const { return machine_ != nullptr; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // nullptr: the operating system's.
  [[nodiscard]] std::shared_ptr<io::Environment> environment() const;

  // One of the next calls of a random kind fails; in simulation only.
  void ArmFault(base::Random& random);
  // Whether a call has failed since the last Restart.
  [[nodiscard]] bool met_fault() const;

  void PassTime(std::chrono::milliseconds time);
  // As when somebody sets the system's clock: of that, time that passes is to take no notice.
  void JumpWallTime(std::chrono::seconds by);
  // In simulation.
  [[nodiscard]] uint64_t WallMs() const;
  void RunJobs(uint64_t count);

  // What is on the disk if this happens now. Then the database is to be destroyed, and Restart goes on from there.
  void Lose(Loss loss, base::Random& random);
  void Restart();
  // The database is in `path` from the next Restart on, as a copy of it.
  void Move(std::string path) { path_ = std::move(path); }

 private:
  struct Machine {
    Machine(std::shared_ptr<io::MemoryFileSystem> disk, const std::string& path, uint64_t seed)
        : memory(std::move(disk)),
          crash(CrashImage::Of(*memory, path)),
          traced(std::make_shared<TraceFileSystem>(memory)),
          faults(std::make_shared<support::FaultFileSystem>(*traced)),
          environment(std::make_shared<simulation::SerialEnvironment>(faults, seed)) {}

    std::shared_ptr<io::MemoryFileSystem> memory;
    CrashState crash;
    std::shared_ptr<TraceFileSystem> traced;
    std::shared_ptr<support::FaultFileSystem> faults;
    std::shared_ptr<simulation::SerialEnvironment> environment;
  };

  std::string path_;
  uint64_t seed_;
  std::unique_ptr<Machine> machine_;            // Null: the operating system's.
  std::shared_ptr<io::MemoryFileSystem> disk_;  // What the next one finds.
};

}  // namespace amethyst::torture
