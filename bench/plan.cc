#include "bench/plan.h"

#include <algorithm>

#include "base/assert.h"
#include "bench/runner.h"
#include "bench/stores.h"
#include "bench/workload.h"

namespace amethyst::bench {

std::vector<Step> StepsOf(const Plan& plan) {
  std::vector<Step> steps;
  std::vector<Step> live;  // Of the workloads that only read since the last one that wrote.
  const auto add_live = [&] {
    steps.insert(steps.end(), live.begin(), live.end());
    live.clear();
  };
  for (const std::string& name : plan.workloads) {
    const Workload* const workload = FindWorkload(name);
    AMETHYST_ASSERT(workload != nullptr);
    if (!Configure(*workload, plan.load).OnlyReads()) {
      add_live();
      steps.push_back({workload, {}});
      continue;
    }
    for (const State state : plan.states) (state == State::kLive ? live : steps).push_back({workload, state});
  }
  add_live();
  return steps;
}

std::vector<LeftOut> WhoIsLeftOut(const Plan& plan) {
  std::vector<LeftOut> left_out;
  for (const std::string& name : plan.workloads) {
    const Workload* workload = FindWorkload(name);
    if (workload == nullptr) continue;
    const std::optional<Feature> needed = Configure(*workload, plan.load).Needs();
    for (const std::string& engine_name : plan.engines) {
      const Engine* engine = FindEngine(engine_name);
      if (engine != nullptr && !engine->Has(needed)) left_out.push_back({engine_name, name});
    }
  }
  return left_out;
}

}  // namespace amethyst::bench
