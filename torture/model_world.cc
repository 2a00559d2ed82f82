#include "torture/model_world.h"

#include "base/assert.h"

namespace amethyst::torture {

ModelWorld::ModelWorld(std::string real_path, uint64_t seed)
    : path_(real_path.empty() ? "/db" : std::move(real_path)), seed_(seed) {
  if (path_ != "/db") return;
  const auto memory = std::make_shared<io::MemoryFileSystem>();
  AMETHYST_ASSERT(memory->CreateDirectories(path_).has_value());
  machine_ = std::make_unique<Machine>(memory, path_, seed_);
}

std::shared_ptr<io::Environment> ModelWorld::environment() const {
  return simulated() ? machine_->environment : nullptr;
}

void ModelWorld::ArmFault(base::Random& random) {
  if (!simulated()) return;
  constexpr ErrorCode kCodes[] = {ErrorCode::kIo, ErrorCode::kIo, ErrorCode::kNoSpace};
  const auto operation = static_cast<support::Operation>(random.Below(support::kOperations));
  machine_->faults->Fail({.operation = operation,
                          .call = machine_->faults->calls(operation) + 1 + random.Below(20),
                          .for_good = random.OneIn(2),
                          .code = kCodes[random.Below(3)],
                          // A short read is the end of the file: damage, which the suite at-rest is for.
                          .half = random.OneIn(3) && operation != support::Operation::kRead});
}

bool ModelWorld::met_fault() const { return simulated() && machine_->faults->failed_calls() > 0; }

void ModelWorld::PassTime(std::chrono::milliseconds time) {
  if (simulated()) machine_->environment->clock().Advance(time);
}

void ModelWorld::JumpWallTime(std::chrono::seconds by) {
  if (simulated()) machine_->environment->clock().JumpWallTime(by);
}

uint64_t ModelWorld::WallMs() const {
  return simulated() ? static_cast<uint64_t>(machine_->environment->clock().WallTime().count()) : 0;
}

void ModelWorld::RunJobs(uint64_t count) {
  if (!simulated()) return;
  for (; count > 0 && machine_->environment->RunOneJob(); --count) {
  }
}

void ModelWorld::Lose(Loss loss, base::Random& random) {
  if (!simulated()) return;
  machine_->faults->ClearFaults();
  if (loss == Loss::kNothing) {
    disk_ = machine_->memory;
    return;
  }
  for (const TraceOperation& operation : machine_->traced->trace().operations()) machine_->crash.Apply(operation);
  const auto model = loss == Loss::kProcess ? PowerLossModel::kEverything
                                            : static_cast<PowerLossModel>(random.Below(kPowerLossModels));
  disk_ = machine_->crash.DrawImage(model, random).Make(path_);
}

void ModelWorld::Restart() {
  if (!simulated()) return;
  const std::chrono::milliseconds wall = machine_->environment->clock().WallTime();
  machine_ = std::make_unique<Machine>(disk_, path_, ++seed_);
  // Time goes on, to the second: by up to one it is set back.
  simulation::ManualClock& clock = machine_->environment->clock();
  clock.JumpWallTime(std::chrono::floor<std::chrono::seconds>(wall - clock.WallTime()));
}

}  // namespace amethyst::torture
