// A follower of a model program's database, as in another process of the same machine: it outlives the writer's
// processes, and ends with the power.
//
// After each look it shows all that the writer has logged, and of what went past the log nothing or a part that was
// flushed; between looks what it showed. One of its own calls may fail: then it stays where it was. Thread safety: one
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "simulation/serial_environment.h"
#include "support/fault_file_system.h"
#include "torture/model_content.h"
#include "torture/model_moment.h"
#include "torture/model_report.h"
#include "torture/model_time.h"
#include "torture/model_world.h"

namespace amethyst::torture {

class ModelFollower {
 public:
  ModelFollower(ModelWorld& world, const ModelTime& time, ModelReport& report)
      : world_(world), time_(time), report_(report) {}

  // What it shows must be what it showed; then it looks, and must show what the writer has. "", or what is wrong.
  [[nodiscard]] std::string Look(const ModelContent& content, const std::vector<ModelFamily>& families,
                                 base::Random& random);
  // The power has gone, or the database is elsewhere.
  void End();

 private:
  [[nodiscard]] Status Open(const std::vector<ModelFamily>& families, base::Random& random);
  [[nodiscard]] Status Refresh(base::Random& random);
  [[nodiscard]] std::string CheckUnchanged();
  [[nodiscard]] std::string CheckShown(const ModelContent& content, const std::vector<ModelFamily>& families);
  // Of all families whose operator no build knows by its name.
  [[nodiscard]] bool HasFunctionsOf(const std::vector<ModelFamily>& families) const;
  void SetClock();
  // The time of its reads now.
  [[nodiscard]] uint64_t Now();

  ModelWorld& world_;
  const ModelTime& time_;
  ModelReport& report_;
  std::shared_ptr<io::FileSystem> files_;  // In simulation, as the next three.
  std::unique_ptr<support::FaultFileSystem> faults_;
  std::shared_ptr<simulation::SerialEnvironment> base_environment_;
  std::shared_ptr<support::FaultEnvironment> environment_;
  std::unique_ptr<DB> db_;
  std::vector<uint32_t> given_;       // The families whose functions it was given.
  std::optional<ModelMoment> shown_;  // At its last look; nullopt: that is not known to the last write.
  uint64_t sequence_ = 0;
  uint64_t now_ms_ = 0;
};

}  // namespace amethyst::torture
