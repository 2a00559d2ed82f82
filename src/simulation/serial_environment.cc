#include "simulation/serial_environment.h"

#include "base/assert.h"

namespace amethyst::simulation {

SerialEnvironment::SerialEnvironment(std::shared_ptr<io::FileSystem> files, uint64_t seed)
    : files_(std::move(files)),
      clock_(std::make_shared<ManualClock>()),
      queue_(std::make_shared<SerialQueue>(clock_, seed)) {
  AMETHYST_ASSERT(files_ != nullptr);
}

Result<std::unique_ptr<io::Executor>> SerialEnvironment::NewExecutor(uint32_t threads) {
  return std::make_unique<SerialExecutor>(queue_, threads);
}

}  // namespace amethyst::simulation
