// The report for programs: every measurement, the comparison, and what was run. Thread safety: pure function.
#pragma once

#include <string>
#include <vector>

#include "bench/comparison.h"
#include "bench/measurement.h"
#include "bench/plan.h"

namespace amethyst::bench {

[[nodiscard]] std::string JsonReport(const Plan& plan, const std::vector<Measurement>& measurements,
                                     const Comparison& comparison);

}  // namespace amethyst::bench
