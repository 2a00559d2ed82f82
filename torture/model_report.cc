#include "torture/model_report.h"

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

}  // namespace amethyst::torture
