// Random programs over the whole public API, checked step by step against a sorted map, and shrunk when they fail.
//
// A program is a list of steps, each with a seed of its own that draws its keys, values and settings, so that leaving
// one out leaves the others as they are. In simulation the process crashes, the power fails and single calls of the
// file system fail between and within the steps, and any failure repeats exactly; then the program is cut down to the
// few steps that show it, and these are told. Over real files, with real threads, there are none of these. Thread
// safety: one program a thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/model_content.h"
#include "torture/model_copies.h"
#include "torture/model_families.h"
#include "torture/model_follower.h"
#include "torture/model_replica.h"
#include "torture/model_report.h"
#include "torture/model_time.h"
#include "torture/model_walk.h"
#include "torture/model_world.h"

namespace amethyst::torture {

enum class StepKind : uint8_t {
  kPut,
  kDelete,
  kMerge,
  kDeleteRange,
  kBatch,
  kGet,
  kMultiGet,
  kWalk,
  kSnapshot,
  kFamilies,
  kMaintain,
  kTime,
  kIngest,
  kCopy,
  kFeed,
  kFollow,
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

[[nodiscard]] std::vector<ModelStep> DrawProgram(uint64_t seed, uint64_t operations);

class ModelProgram {
 public:
  explicit ModelProgram(const ModelSettings& settings, bool tell = false);
  [[nodiscard]] ModelReport Run(const std::vector<ModelStep>& steps);

 private:
  struct Pinned {
    Snapshot snapshot;
    std::shared_ptr<const ModelState> content;
    uint64_t now_ms = 0;
  };
  struct OpenWalk {
    ModelWalk walk;
    uint64_t key_style = 0;
    uint64_t key_count = 0;
  };
  // What goes on beside the database, and outlives its process.
  struct Beside {
    ModelCopies copies;
    ModelReplica replica;
    ModelFollower follower;
  };
  // What a read sees.
  struct ReadMoment {
    const ModelState* state = nullptr;
    uint64_t now_ms = 0;
    bool too_old = false;  // Nothing: it is refused.

    [[nodiscard]] std::optional<ModelEntry> At(const ModelFamily& family, std::string_view key) const;
    [[nodiscard]] ModelMap Seen(const ModelFamily& family) const;
  };
  // One range delete: what it takes away follows from the content, key by key.
  struct DrawnRange {
    std::optional<std::string> begin{}, end{};
    bool is_prefix = false;
    std::vector<ModelChange> changes{};
  };

  void Take(const ModelStep& step);
  void Write(ModelWrite write, const std::string& told, const std::function<Status(const WriteOptions&)>& call);
  void Put();
  void Delete();
  void Merge();
  void DeleteRange();
  void Batch();
  void AddToBatch(WriteBatch* batch, const GivenExpiry& of_all, ModelWrite* write);
  [[nodiscard]] DrawnRange DrawRange(const ModelFamily& family, const ModelWrite& so_far, bool may_be_prefix = true);
  [[nodiscard]] Durability DrawWriteDurability();
  // Draws one, for half of the writes of programs that have any, and enters it.
  [[nodiscard]] GivenExpiry DrawExpiry();
  [[nodiscard]] uint64_t ExpiresMs(const ModelFamily& family, const GivenExpiry& own, const GivenExpiry& of_all = {});

  void Get();
  void MultiGet();
  void Walk();
  void TakeSnapshot();
  void CheckRead(const char* what, const ReadMoment& moment, const ModelFamily& family, const std::string& key,
                 const Result<std::optional<ModelEntry>>& found);
  void ChangeFamilies();
  void CreateFamily();
  void DropFamily();
  void CheckDropped(const ModelFamily& family);
  void RenameFamily();
  void ListFamilies();
  void DecideFamilies(DB& db);
  void Maintain();
  void CompactRange();
  void AskSize();
  void LoadRange();
  void PassTime();

  // Moving data.
  void Ingest();
  [[nodiscard]] bool AddTable(const ModelFamily& family, std::vector<IngestedFile>* files, ModelWrite* write);
  void Copy();
  void Feed();
  void BeginFeed();
  void CompareFeed();
  [[nodiscard]] bool MayLoseFeed() const { return options_.feed_retention_bytes < Options().feed_retention_bytes; }
  void Follow();
  [[nodiscard]] bool FlushAll();
  [[nodiscard]] ModelMoment Moment() const { return {content_.now(), families_.all()}; }

  void Restart();
  void Open(bool power_loss);
  [[nodiscard]] bool OpenOnce(const Options& options, bool power_loss);
  [[nodiscard]] Result<bool> Settle(DB& db, bool power_loss);
  void OpenReadOnly(bool power_loss);
  void CheckAll();
  void CountShape();
  void CheckRepair();

  // The database's time, as it has to be.
  [[nodiscard]] uint64_t Now(DB& db);
  [[nodiscard]] ReadMoment DrawReadMoment(ReadOptions* options);
  [[nodiscard]] bool MakeCopy(std::string* path);
  void GoOnInCopy(const std::string& original);
  [[nodiscard]] Result<std::unique_ptr<DB>> OpenWith(const Options& options);
  [[nodiscard]] Result<SeenState> ReadAll(DB& db) const;
  // Calls for the database itself, where the family is the default.
  template <typename Call>
  auto On(const ModelFamily& family, Call call) {
    return family.handle ? call(*family.handle) : call(*db_);
  }
  // Whether it went well; a failure that no injected fault explains is a violation.
  bool Ok(const Status& status, const char* what);
  void Tell(std::string text);
  void Violation(std::string text);

  const ModelSettings settings_;
  const bool tell_;
  base::Random random_;  // Of the present step.
  const ModelFeatures features_;
  ModelFamilies families_;
  ModelWorld world_;
  ModelTime time_;
  ModelContent content_;
  Options options_;
  std::unique_ptr<DB> db_;
  std::vector<Pinned> pinned_;
  std::vector<OpenWalk> walks_;
  ModelReport report_;
  Beside beside_;
};

// Runs the program of `settings`. One that fails in simulation is shrunk, and its steps are told with the violation.
[[nodiscard]] ModelReport RunModel(const ModelSettings& settings);

}  // namespace amethyst::torture
