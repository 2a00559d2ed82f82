// Engines side by side: ratios of throughput, taken round by round, so that what a noisy machine does to all of a round
// cancels out. Pure functions of measurements. Thread safety: plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/measurement.h"

namespace amethyst::bench {

struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
};
// Of at least one value.
[[nodiscard]] Spread SpreadOf(std::vector<double> values);

struct Rate {
  Spread per_second;  // Operations.
  // How many times the rate of this engine the reference engine has, round by round. Absent for the reference itself.
  std::optional<Spread> ratio;
};

// One engine on one workload, in each state of Measurement::OperationsPerSecondIn; absent: it was not measured.
struct Cell {
  std::string engine;
  std::optional<Rate> live;
  std::optional<Rate> settled;

  [[nodiscard]] const std::optional<Rate>& In(State state) const { return state == State::kLive ? live : settled; }
};

struct Row {
  std::string workload;
  bool writes = false;      // So its two rates are of the same measurements, without and with the time to settle.
  std::vector<Cell> cells;  // In the order of the engines; those that have a measurement.

  [[nodiscard]] bool Has(State state) const;
};

// One engine's figure of a trial: the less the better, so the ratio is what it has over what the reference engine has.
struct FigureCell {
  std::string engine;
  Spread value;
  std::optional<Spread> ratio;  // Absent for the reference itself, and where a figure is 0.
};

struct FigureRow {
  std::string workload;
  std::string name;
  std::vector<FigureCell> cells;
};

// What the reference engine comes to against one peer, over all workloads.
struct Verdict {
  std::string peer;
  double geometric_mean = 0;       // Of the median ratios: of workloads that only read, in each state; of others with
                                   // the time to settle.
  double live_geometric_mean = 0;  // Of the live ratios alone, where there is one,
  double settled_geometric_mean = 0;  // and of the settled ones.
  std::string worst_workload = {};
  double worst_ratio = 0;
};

struct Comparison {
  std::string reference;
  std::vector<Row> rows;  // In the order in which workloads first appear.
  std::vector<FigureRow> figures;
  std::vector<Verdict> verdicts;
};

// The first engine is the reference.
[[nodiscard]] Comparison Compare(const std::vector<Measurement>& measurements, const std::vector<std::string>& engines);

}  // namespace amethyst::bench
