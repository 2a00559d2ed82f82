#include "torture/model_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace amethyst::torture {

ModelReport& ModelReport::operator+=(const ModelReport& other) {
  if (violation.empty()) violation = other.violation;
  operations += other.operations;
  with_more += other.with_more;
  writes += other.writes;
  restarts += other.restarts;
  crashes += other.crashes;
  power_losses += other.power_losses;
  faults += other.faults;
  flushes += other.flushes;
  compactions += other.compactions;
  deepest_level = std::max(deepest_level, other.deepest_level);
  for (size_t i = 0; i < counters.size(); ++i) counters[i] += other.counters[i];
  return *this;
}

std::string ShortfallOf(const ModelReport& report) {
  constexpr uint64_t kOperationsEnough = 3'000'000;
  if (report.operations < kOperationsEnough) return {};
  for (size_t i = 0; i < report.counters.size(); ++i) {
    if (report.counters[i] == 0) {
      return fmt::format("{} operations, and no {} among them", report.operations, kModelCounterNames[i]);
    }
  }
  return {};
}

}  // namespace amethyst::torture
