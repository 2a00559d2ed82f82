// One self-contained page: the comparison with bars, and for each workload latency by percentile, latency over time and
// throughput over time. No script, nothing loaded from elsewhere. Thread safety: pure function.
#pragma once

#include <string>
#include <vector>

#include "bench/comparison.h"
#include "bench/measurement.h"
#include "bench/plan.h"

namespace amethyst::bench {

[[nodiscard]] std::string HtmlReport(const Plan& plan, const std::vector<Measurement>& measurements,
                                     const Comparison& comparison);

}  // namespace amethyst::bench
