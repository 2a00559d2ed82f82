// Carries out a plan: rounds of workloads, engines taking turns at each. Thread safety: one thread, the only one.
#pragma once

#include <functional>
#include <vector>

#include "amethyst/error.h"
#include "bench/measurement.h"
#include "bench/plan.h"

namespace amethyst::bench {

// `report` is called with each measurement as it is made. On an error what was measured before was reported. The files
// of the databases are removed, unless the plan keeps them.
Status RunCampaign(const Plan& plan, const std::function<void(const Measurement&)>& report);

}  // namespace amethyst::bench
