#include "bench/campaign.h"

#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "bench/engine_process.h"
#include "bench/process_meter.h"
#include "bench/runner.h"

namespace amethyst::bench {
namespace {

// A directory of our own inside the given one; removed with all in it at the end, unless kept.
class WorkDirectory {
 public:
  WorkDirectory(std::string path, bool keep) : path_(std::move(path)), keep_(keep) {}
  ~WorkDirectory() {
    std::error_code ignored;
    if (!keep_) std::filesystem::remove_all(path_, ignored);
  }
  WorkDirectory(const WorkDirectory&) = delete;
  WorkDirectory& operator=(const WorkDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool keep_;
};

Status RunRound(const Plan& plan, const std::string& directory, uint32_t round,
                const std::function<void(const Measurement&)>& report) {
  std::vector<std::unique_ptr<EngineProcess>> processes;
  for (const std::string& name : plan.engines) {
    const Engine* engine = FindEngine(name);
    AMETHYST_ASSERT(engine != nullptr);
    StoreSettings settings = plan.settings;
    settings.directory = fmt::format("{}/{}", directory, name);
    processes.push_back(std::make_unique<EngineProcess>(*engine, settings, plan.load, plan.memory_limit_bytes));
  }
  size_t first = round;  // Who begins changes, so that nobody always runs behind the same neighbour.
  for (const Step& step : StepsOf(plan)) {
    const std::optional<Feature> needed = Configure(*step.workload, plan.load).Needs();
    for (size_t i = 0; i < processes.size(); ++i) {
      const size_t turn = (first + i) % processes.size();
      if (!FindEngine(plan.engines[turn])->Has(needed)) continue;  // The reports name it.
      AMETHYST_ASSIGN(const Measurement measurement, processes[turn]->Run(step, round));
      report(measurement);
    }
    ++first;
  }
  for (const auto& process : processes) AMETHYST_TRY(process->Finish());
  return {};
}

}  // namespace

Status RunCampaign(const Plan& plan, const std::function<void(const Measurement&)>& report) {
  std::error_code error;
  std::filesystem::create_directories(plan.settings.directory, error);
  std::string path = plan.settings.directory + "/amethyst_bench_XXXXXX";
  if (error || mkdtemp(path.data()) == nullptr) {
    return base::InvalidArgument("--dir: no directory can be made in {}", plan.settings.directory);
  }
  const WorkDirectory directory(path, plan.keep_files);
  const uint64_t begin_ns = NowNs();
  for (uint32_t round = 0; round < plan.rounds; ++round) {
    const double seconds = 1e-9 * static_cast<double>(NowNs() - begin_ns);
    if (plan.time_limit_seconds > 0 && round > 0 && seconds > plan.time_limit_seconds) break;
    const WorkDirectory databases(fmt::format("{}/round_{}", directory.path(), round), plan.keep_files);
    std::filesystem::create_directories(databases.path(), error);
    AMETHYST_TRY(RunRound(plan, databases.path(), round, report));
  }
  return {};
}

}  // namespace amethyst::bench
