#include "bench/plan.h"

#include "bench/runner.h"
#include "bench/stores.h"
#include "bench/workload.h"

namespace amethyst::bench {

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
