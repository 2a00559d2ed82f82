#include "bench/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/assert.h"

namespace amethyst::bench {
namespace {

using Rounds = std::map<uint32_t, const Measurement*>;  // One engine on one workload.

Rounds RoundsOf(const std::vector<Measurement>& measurements, const std::string& workload, const std::string& engine) {
  Rounds rounds;
  for (const Measurement& m : measurements) {
    if (m.workload == workload && m.engine == engine) rounds[m.round] = &m;
  }
  return rounds;
}

Cell CellOf(const Rounds& rounds, const Rounds& reference, bool is_reference) {
  std::vector<double> rates;
  std::vector<double> settled_rates;
  std::vector<double> ratios;
  std::vector<double> settled_ratios;
  for (const auto& [round, m] : rounds) {
    rates.push_back(m->operations_per_second());
    settled_rates.push_back(m->settled_operations_per_second());
    const auto other = reference.find(round);
    if (is_reference || other == reference.end()) continue;
    ratios.push_back(other->second->operations_per_second() / rates.back());
    settled_ratios.push_back(other->second->settled_operations_per_second() / settled_rates.back());
  }
  Cell cell{.engine = rounds.begin()->second->engine,
            .rate = SpreadOf(rates),
            .settled_rate = SpreadOf(settled_rates),
            .ratio = {},
            .settled_ratio = {}};
  if (!ratios.empty()) {
    cell.ratio = SpreadOf(ratios);
    cell.settled_ratio = SpreadOf(settled_ratios);
  }
  return cell;
}

std::optional<double> FigureOf(const Measurement& m, const std::string& name) {
  const auto figure = std::ranges::find(m.figures, name, &Figure::name);
  return figure == m.figures.end() ? std::nullopt : std::optional(figure->value);
}

std::optional<FigureCell> FigureCellOf(const std::string& name, const Rounds& rounds, const Rounds& reference,
                                       bool is_reference) {
  std::vector<double> values;
  std::vector<double> ratios;
  for (const auto& [round, m] : rounds) {
    const std::optional<double> value = FigureOf(*m, name);
    if (!value) continue;
    values.push_back(*value);
    const auto other = reference.find(round);
    if (is_reference || other == reference.end()) continue;
    const double theirs = FigureOf(*other->second, name).value_or(0);
    if (*value > 0 && theirs > 0) ratios.push_back(*value / theirs);
  }
  if (values.empty()) return std::nullopt;
  FigureCell cell{.engine = rounds.begin()->second->engine, .value = SpreadOf(values), .ratio = {}};
  if (!ratios.empty()) cell.ratio = SpreadOf(ratios);
  return cell;
}

// One row for each figure that any engine has of the workload.
void AddFigures(const std::vector<Measurement>& measurements, const std::vector<std::string>& engines,
                const std::string& workload, std::vector<FigureRow>* rows) {
  std::vector<std::string> names;
  for (const Measurement& m : measurements) {
    if (m.workload != workload) continue;
    for (const Figure& figure : m.figures) {
      if (std::ranges::find(names, figure.name) == names.end()) names.push_back(figure.name);
    }
  }
  const Rounds reference = RoundsOf(measurements, workload, engines[0]);
  for (const std::string& name : names) {
    FigureRow row{.workload = workload, .name = name, .cells = {}};
    for (const std::string& engine : engines) {
      const Rounds rounds = RoundsOf(measurements, workload, engine);
      auto cell = FigureCellOf(name, rounds, reference, engine == engines[0]);
      if (cell) row.cells.push_back(*std::move(cell));
    }
    rows->push_back(std::move(row));
  }
}

std::optional<Verdict> VerdictOn(const std::string& peer, const std::vector<Row>& rows) {
  Verdict verdict{.peer = peer};
  double logarithms = 0;
  double settled_logarithms = 0;
  size_t count = 0;
  for (const Row& row : rows) {
    const auto cell = std::ranges::find(row.cells, peer, &Cell::engine);
    if (cell == row.cells.end() || !cell->ratio) continue;
    ++count;
    logarithms += std::log(cell->ratio->median);
    settled_logarithms += std::log(cell->settled_ratio->median);
    const double ratio = std::min(cell->ratio->median, cell->settled_ratio->median);
    if (count == 1 || ratio < verdict.worst_ratio) {
      verdict.worst_ratio = ratio;
      verdict.worst_workload = row.workload;
    }
  }
  if (count == 0) return std::nullopt;
  verdict.geometric_mean = std::exp(logarithms / static_cast<double>(count));
  verdict.settled_geometric_mean = std::exp(settled_logarithms / static_cast<double>(count));
  return verdict;
}

}  // namespace

Spread SpreadOf(std::vector<double> values) {
  AMETHYST_ASSERT(!values.empty());
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .least = values.front(), .most = values.back()};
}

Comparison Compare(const std::vector<Measurement>& measurements, const std::vector<std::string>& engines) {
  AMETHYST_ASSERT(!engines.empty());
  Comparison comparison;
  comparison.reference = engines[0];
  for (const Measurement& m : measurements) {
    auto row = std::ranges::find(comparison.rows, m.workload, &Row::workload);
    if (row == comparison.rows.end()) {
      comparison.rows.push_back({.workload = m.workload, .cells = {}});
      row = comparison.rows.end() - 1;
    }
    row->writes = row->writes || m.wrote();
  }
  for (Row& row : comparison.rows) {
    const Rounds reference = RoundsOf(measurements, row.workload, engines[0]);
    for (const std::string& engine : engines) {
      const Rounds rounds = RoundsOf(measurements, row.workload, engine);
      if (!rounds.empty()) row.cells.push_back(CellOf(rounds, reference, engine == engines[0]));
    }
    AddFigures(measurements, engines, row.workload, &comparison.figures);
  }
  for (size_t i = 1; i < engines.size(); ++i) {
    if (const auto verdict = VerdictOn(engines[i], comparison.rows)) comparison.verdicts.push_back(*verdict);
  }
  return comparison;
}

}  // namespace amethyst::bench
