// Random programs over the whole public API, checked step by step against a std::map, and shrunk when they fail.
//
// A program is a list of steps, each with a seed of its own that draws its keys, values and settings, so that leaving
// one out leaves the others as they are. In simulation the process crashes, the power fails and single calls of the
// file system fail between and within the steps, and any failure repeats exactly; then the program is cut down to the
// few steps that show it, and these are told. Over real files, with real threads, there are none of these. Thread
// safety: one program a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/model_content.h"
#include "torture/model_walk.h"
#include "torture/model_world.h"

namespace amethyst::torture {

enum class StepKind : uint8_t {
  kPut,
  kDelete,
  kBatch,
  kGet,
  kMultiGet,
  kWalk,
  kSnapshot,
  kMaintain,
  kTime,
  kFault,
  kRestart
};
struct ModelStep {
  StepKind kind{};
  uint64_t seed = 0;
};

struct ModelSettings {
  uint64_t seed = 1;
  uint64_t operations = 20'000;
  std::string path;  // A directory of the operating system's; empty: in simulation.
  uint64_t key_count = 3000;
};

struct ModelReport {
  std::string violation;  // Empty: none. Else what was expected and found, and the step.
  uint64_t operations = 0;
  uint64_t writes = 0;
  uint64_t restarts = 0;  // Of these:
  uint64_t crashes = 0;
  uint64_t power_losses = 0;
  uint64_t faults = 0;  // Times between restarts in which a call failed.
  uint64_t flushes = 0;
  uint64_t compactions = 0;
  uint64_t deepest_level = 0;
  std::vector<std::string> told;  // Each step in words, if asked for.

  ModelReport& operator+=(const ModelReport& other);
};

[[nodiscard]] std::vector<ModelStep> DrawProgram(uint64_t seed, uint64_t operations);

class ModelProgram {
 public:
  explicit ModelProgram(const ModelSettings& settings, bool tell = false);
  [[nodiscard]] ModelReport Run(const std::vector<ModelStep>& steps);

 private:
  struct Pinned {
    Snapshot snapshot;
    std::shared_ptr<const ModelMap> content;
  };

  void Take(const ModelStep& step);
  void Write(ModelWrite write, const WriteBatch* batch);
  void Batch();
  void DeleteRange(WriteBatch* batch, ModelWrite* write);
  void Get();
  void MultiGet();
  void Walk();
  void TakeSnapshot();
  void Maintain();
  void LoadRange();
  void PassTime();

  void Restart();
  void Open(bool power_loss);
  [[nodiscard]] bool OpenOnce(const Options& options, bool power_loss);
  void OpenReadOnly(bool power_loss);
  void CheckAll();
  void CountShape();
  void CheckRepair();

  [[nodiscard]] std::string RandomKey();
  // What a read sees, and the options that make it see that.
  [[nodiscard]] const ModelMap& RandomRead(ReadOptions* options);
  [[nodiscard]] Result<std::unique_ptr<DB>> OpenWith(const Options& options);
  [[nodiscard]] Result<ModelMap> ReadAll(DB& db) const;
  // Whether it went well; a failure that no injected fault explains is a violation.
  bool Ok(const Status& status, const char* what);
  void Tell(std::string text);
  void Violation(std::string text);

  const ModelSettings settings_;
  const bool tell_;
  base::Random random_;  // Of the present step.
  const Comparator* comparator_;
  const uint64_t key_style_;
  ModelWorld world_;
  ModelContent content_;
  Options options_;
  std::unique_ptr<DB> db_;
  std::vector<Pinned> pinned_;
  std::vector<ModelWalk> walks_;
  ModelReport report_;
};

// Runs the program of `settings`. One that fails in simulation is shrunk, and its steps are told with the violation.
[[nodiscard]] ModelReport RunModel(const ModelSettings& settings);

}  // namespace amethyst::torture
