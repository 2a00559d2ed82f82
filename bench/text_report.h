// The report for people: a line for each measurement as it is made, and the table of a comparison.
// Thread safety: pure functions.
#pragma once

#include <string>

#include "bench/comparison.h"
#include "bench/measurement.h"
#include "bench/plan.h"

namespace amethyst::bench {

// What is run with which settings on which machine, a few lines; the same stands at the head of every report.
[[nodiscard]] std::string DescribePlan(const Plan& plan);

// A line on each engine that is left out of workloads; empty if none is.
[[nodiscard]] std::string DescribeLeftOut(const Plan& plan);

// The head of the columns, and a line of them.
[[nodiscard]] std::string TableHead();
[[nodiscard]] std::string TableLine(const Measurement& measurement);

// A Markdown table of rates and ratios, and a line on each peer.
[[nodiscard]] std::string ComparisonTable(const Comparison& comparison);

// "1,234.5"
[[nodiscard]] std::string WithCommas(double number);

}  // namespace amethyst::bench
