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

// The rates of one engine on one workload in one state, and what they come to beside those of the reference.
class Rates {
 public:
  Rates(const std::vector<Measurement>& measurements, const std::string& workload, const std::string& engine,
        State state) {
    for (const Measurement& m : measurements) {
      if (m.workload != workload || m.engine != engine) continue;
      if (const auto rate = m.OperationsPerSecondIn(state)) by_round_[m.round] = *rate;
    }
  }

  // `reference`: nullptr if this is the reference itself.
  [[nodiscard]] std::optional<Rate> Beside(const Rates* reference) const {
    std::vector<double> rates;
    std::vector<double> ratios;
    for (const auto& [round, rate] : by_round_) {
      rates.push_back(rate);
      if (reference == nullptr) continue;
      const auto ours = reference->by_round_.find(round);
      if (ours != reference->by_round_.end()) ratios.push_back(ours->second / rate);
    }
    if (rates.empty()) return std::nullopt;
    return Rate{.per_second = SpreadOf(rates),
                .ratio = ratios.empty() ? std::nullopt : std::optional(SpreadOf(ratios))};
  }

 private:
  std::map<uint32_t, double> by_round_;
};

std::optional<Rate> RateOf(const std::vector<Measurement>& measurements, const std::string& workload,
                           const std::vector<std::string>& engines, const std::string& engine, State state) {
  const Rates reference(measurements, workload, engines[0], state);
  return Rates(measurements, workload, engine, state).Beside(engine == engines[0] ? nullptr : &reference);
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

// The geometric mean of what was added; 0 if nothing was.
class GeometricMean {
 public:
  void Add(double value) {
    logarithms_ += std::log(value);
    ++count_;
  }
  [[nodiscard]] double value() const { return count_ == 0 ? 0 : std::exp(logarithms_ / static_cast<double>(count_)); }

 private:
  double logarithms_ = 0;
  size_t count_ = 0;
};

std::optional<Verdict> VerdictOn(const std::string& peer, const std::vector<Row>& rows) {
  Verdict verdict{.peer = peer};
  GeometricMean all;
  GeometricMean live;
  GeometricMean settled;
  for (const Row& row : rows) {
    const auto cell = std::ranges::find(row.cells, peer, &Cell::engine);
    if (cell == row.cells.end()) continue;
    for (const State state : {State::kLive, State::kSettled}) {
      const std::optional<Rate>& rate = cell->In(state);
      if (!rate || !rate->ratio) continue;
      const double ratio = rate->ratio->median;
      (state == State::kLive ? live : settled).Add(ratio);
      const bool with_settling_counts = row.writes && state == State::kLive && cell->settled;
      if (!with_settling_counts) all.Add(ratio);
      if (verdict.worst_workload.empty() || ratio < verdict.worst_ratio) {
        verdict.worst_ratio = ratio;
        verdict.worst_workload = row.workload;
      }
    }
  }
  if (verdict.worst_workload.empty()) return std::nullopt;
  verdict.geometric_mean = all.value();
  verdict.live_geometric_mean = live.value();
  verdict.settled_geometric_mean = settled.value();
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

bool Row::Has(State state) const {
  return std::ranges::any_of(cells, [&](const Cell& cell) { return cell.In(state).has_value(); });
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
    for (const std::string& engine : engines) {
      Cell cell{.engine = engine,
                .live = RateOf(measurements, row.workload, engines, engine, State::kLive),
                .settled = RateOf(measurements, row.workload, engines, engine, State::kSettled)};
      if (cell.live || cell.settled) row.cells.push_back(std::move(cell));
    }
    AddFigures(measurements, engines, row.workload, &comparison.figures);
  }
  for (size_t i = 1; i < engines.size(); ++i) {
    if (const auto verdict = VerdictOn(engines[i], comparison.rows)) comparison.verdicts.push_back(*verdict);
  }
  return comparison;
}

}  // namespace amethyst::bench
