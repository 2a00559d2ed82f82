#include "torture/model_world.h"

#include <filesystem>

#include "amethyst/db.h"
#include "base/assert.h"
#include "base/error.h"
#include "repair/destroy.h"

namespace amethyst::torture {

ModelWorld::ModelWorld(std::string real_path, uint64_t seed)
    : path_(real_path.empty() ? "/db" : std::move(real_path)), seed_(seed) {
  if (path_ != "/db") return;
  const auto memory = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(memory->CreateDirectories(path_).has_value());
  Begin(Disk(memory));
}

// A fault file system watches its calls from the first one on.
void ModelWorld::Begin(Disk disk) {
  Process process(disk, seed_);
  machine_ = std::make_unique<Machine>(std::move(disk), std::move(process));
  machine_->process.faults->HaveMarks();
  machine_->process.faults->Watch([this](support::Operation) {
    uint64_t& calls = machine_->process.calls_to_live;
    if (calls != kForever && calls != 0 && --calls == 0) Die();
  });
}

std::string ModelWorld::Beside(const std::string& name) const { return simulated() ? "/" + name : path_ + "-" + name; }

std::shared_ptr<io::Environment> ModelWorld::environment() const {
  return simulated() ? machine_->process.environment : nullptr;
}

bool ModelWorld::Exists(const std::string& path) const {
  return simulated() ? machine_->disk.memory->Exists(path).value_or(false) : std::filesystem::exists(path);
}

Status ModelWorld::Remove(const std::string& path) {
  if (!Exists(path)) return {};
  if (!simulated()) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    return error ? base::MakeError(ErrorCode::kIo, "{}: {}", path, error.message()) : Status();
  }
  support::FaultFileSystem& files = *machine_->process.faults;
  const auto names = machine_->disk.memory->List(path);
  if (!names) return files.Remove(path);  // No directory.
  for (const std::string& name : *names) AMETHYST_TRY(Remove(io::JoinPath(path, name)));
  return files.RemoveDirectory(path);
}

Status ModelWorld::Destroy(const std::string& path) {
  return simulated() ? repair::DestroyIn(*machine_->process.faults, path) : DB::Destroy(path);
}

void ModelWorld::ArmFault(base::Random& random) {
  if (!simulated()) return;
  constexpr ErrorCode kCodes[] = {ErrorCode::kIo, ErrorCode::kIo, ErrorCode::kNoSpace};
  support::FaultFileSystem& faults = *machine_->process.faults;
  const auto operation = static_cast<support::Operation>(random.Below(support::kOperations));
  faults.Fail({.operation = operation,
               .call = faults.calls(operation) + 1 + random.Below(20),
               .for_good = random.OneIn(2),
               .code = kCodes[random.Below(3)],
               // A short read is the end of the file: damage, which the suite at-rest is for.
               .half = random.OneIn(3) && operation != support::Operation::kRead});
}

void ModelWorld::ArmDeath(base::Random& random) {
  if (simulated()) machine_->process.calls_to_live = 1 + random.Below(random.OneIn(2) ? 12 : 120);
}

void ModelWorld::Die() {
  Process& process = machine_->process;
  process.calls_to_live = 0;
  for (size_t i = 0; i < support::kOperations; ++i) {
    const auto operation = static_cast<support::Operation>(i);
    process.faults->Fail({.operation = operation, .call = process.faults->calls(operation) + 1, .for_good = true});
  }
}

bool ModelWorld::met_fault() const { return simulated() && machine_->process.faults->failed_calls() > 0; }

void ModelWorld::PassTime(std::chrono::milliseconds time) {
  if (simulated()) machine_->process.environment->clock().Advance(time);
}

void ModelWorld::JumpWallTime(std::chrono::seconds by) {
  if (simulated()) machine_->process.environment->clock().JumpWallTime(by);
}

uint64_t ModelWorld::WallMs() const {
  return simulated() ? static_cast<uint64_t>(machine_->process.environment->clock().WallTime().count()) : 0;
}

void ModelWorld::RunJobs(uint64_t count) {
  if (!simulated()) return;
  for (; count > 0 && machine_->process.environment->RunOneJob(); --count) {
  }
}

void ModelWorld::Lose(Loss loss, base::Random& random) {
  if (!simulated()) return;
  Disk& disk = machine_->disk;
  disk.crash.Apply(disk.traced->trace().Take());
  if (loss == Loss::kPower) {
    image_ = disk.crash.DrawImage(static_cast<PowerLossModel>(random.Below(kPowerLossModels)), random).Make(path_);
  }
  if (loss != Loss::kNothing) Die();  // What the database does yet is not to reach the files.
}

void ModelWorld::Restart() {
  if (!simulated()) return;
  const std::chrono::milliseconds wall = machine_->process.environment->clock().WallTime();
  ++seed_;
  if (image_ != nullptr) {
    Begin(Disk(std::exchange(image_, nullptr)));
  } else {
    machine_->disk.crash.ForgetUnnamed();
    Begin(std::move(machine_->disk));
  }
  // Time goes on, to the second: by up to one it is set back.
  simulation::ManualClock& clock = machine_->process.environment->clock();
  clock.JumpWallTime(std::chrono::floor<std::chrono::seconds>(wall - clock.WallTime()));
}

}  // namespace amethyst::torture
