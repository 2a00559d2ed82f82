// The machine that a model program runs on: in simulation, files in memory under one thread, where calls can be made to
// fail, and the process or the power be lost; or the operating system's, where a restart is just that.
//
// The files outlive a process: what it had not synced, a loss of power takes in a later life, too. Thread safety: one
// thread.
#pragma once

#include <cstdint>
#include <limits>
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
  // A place of that name beside the database, which stays when the database moves.
  [[nodiscard]] std::string Beside(const std::string& name) const;
  // nullptr: the operating system's.
  [[nodiscard]] std::shared_ptr<io::Environment> environment() const;
  // In simulation: the files as other processes of the machine have them, in no need of this one's luck.
  [[nodiscard]] std::shared_ptr<io::FileSystem> files() const { return machine_->disk.memory; }
  [[nodiscard]] bool Exists(const std::string& path) const;
  // What is there goes, a directory with all that is in it.
  [[nodiscard]] Status Remove(const std::string& path);
  // DB::Destroy over these files.
  [[nodiscard]] Status Destroy(const std::string& path);

  // One of the next calls of a random kind fails; in simulation only.
  void ArmFault(base::Random& random);
  // The process dies within one of the next calls: no later one reaches the files. In simulation only.
  void ArmDeath(base::Random& random);
  [[nodiscard]] bool is_dead() const { return simulated() && machine_->process.calls_to_live == 0; }
  // Whether a call has failed since the last Restart.
  [[nodiscard]] bool met_fault() const;

  void PassTime(std::chrono::milliseconds time);
  // As when somebody sets the system's clock: of that, time that passes is to take no notice.
  void JumpWallTime(std::chrono::seconds by);
  // In simulation.
  [[nodiscard]] uint64_t WallMs() const;
  void RunJobs(uint64_t count);

  // Takes this away now. Then the database is to be destroyed, and Restart goes on from what is on the disk.
  void Lose(Loss loss, base::Random& random);
  void Restart();
  // The database is in `path` from the next Restart on, as a copy of it.
  void Move(std::string path) { path_ = std::move(path); }

 private:
  // What outlives a process.
  struct Disk {
    explicit Disk(std::shared_ptr<io::MemoryFileSystem> files)
        : memory(std::move(files)),
          crash(CrashImage::Of(*memory, "/")),
          traced(std::make_shared<TraceFileSystem>(memory)) {}

    std::shared_ptr<io::MemoryFileSystem> memory;
    CrashState crash;
    std::shared_ptr<TraceFileSystem> traced;
  };
  struct Process {
    Process(const Disk& disk, uint64_t seed)
        : faults(std::make_shared<support::FaultFileSystem>(*disk.traced)),
          environment(std::make_shared<simulation::SerialEnvironment>(faults, seed)) {}

    std::shared_ptr<support::FaultFileSystem> faults;
    std::shared_ptr<simulation::SerialEnvironment> environment;
    uint64_t calls_to_live = kForever;
  };
  struct Machine {
    Disk disk;
    Process process;
  };
  static constexpr uint64_t kForever = std::numeric_limits<uint64_t>::max();

  void Begin(Disk disk);
  void Die();

  std::string path_;
  uint64_t seed_;
  std::unique_ptr<Machine> machine_;  // Null: the operating system's.
  // What the power has left.
  std::shared_ptr<io::MemoryFileSystem> image_;
};

}  // namespace amethyst::torture
