// What one call of the tool is to do, once its arguments are understood. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/load.h"
#include "bench/store.h"

namespace amethyst::bench {

struct Plan {
  std::vector<std::string> engines;            // The first is the reference of a comparison.
  std::vector<std::string> workloads;          // In the order of running.
  std::vector<State> states = {State::kLive};  // Those that workloads which only read are measured in, each once.
  uint32_t rounds = 1;
  double time_limit_seconds = 0;  // Over 0: no new round is begun after it.
  bool compare = false;
  Load load;
  StoreSettings settings;  // Its directory is where each engine gets one of its own.
  uint64_t memory_limit_bytes = 0;
  bool keep_files = false;
  std::string json_path;
  std::string html_path;
};

// A workload that only reads has one for each state.
struct Step {
  const Workload* workload = nullptr;
  std::optional<State> state = {};
};
// What each engine does in a round. Workloads that only read and follow each other are all measured settled before the
// first of them is measured live, so that the database has to settle once.
[[nodiscard]] std::vector<Step> StepsOf(const Plan& plan);

// An engine of the plan that lacks what a workload of the plan needs, and is left out of it.
struct LeftOut {
  std::string engine;
  std::string workload;
};
[[nodiscard]] std::vector<LeftOut> WhoIsLeftOut(const Plan& plan);

}  // namespace amethyst::bench
