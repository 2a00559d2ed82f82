#include "compaction/victim.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/assert.h"
#include "filter/key_sketch.h"

namespace amethyst::compaction {
namespace {

// The standard error of a table's heat, for tables of a usual size.
constexpr double kHeatError = 0.01;

double Mean(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Heat drawn towards the level's mean by two errors (soft thresholding, Donoho 1995): where all tables are alike,
// chance must not choose.
double WithoutNoise(double heat, double mean) {
  if (heat > mean) return std::max(mean, heat - 2 * kHeatError);
  return std::min(mean, heat + 2 * kHeatError);
}

double ReplacedKeys(const PlanContext& context, key::Level level, const TableShape& table) {
  if (table.sketch == nullptr) return 0;
  double replaced = 0;
  const auto add = [&](std::span<const TableShape> above) {
    for (const TableShape& newer : above) {
      if (newer.sketch == nullptr) continue;
      replaced += static_cast<double>(filter::KeySketch::EstimateShared(*table.sketch, *newer.sketch));
    }
  };
  add(context.shape.levels[0]);
  for (key::Level above = context.targets.base; above < level; ++above) {
    add(Overlapping(context.shape, above, RangeOf(table)));
  }
  return replaced;
}

}  // namespace

std::vector<double> HeatOf(const PlanContext& context, key::Level level) {
  std::vector<double> heat;
  for (const TableShape& table : context.shape.levels[level]) {
    const auto entries = static_cast<double>(std::max<uint64_t>(table.info->entries, 1));
    heat.push_back(context.settings.use_sketches ? ReplacedKeys(context, level, table) / entries : 0);
  }
  return heat;
}

const TableShape* ChooseVictim(const PlanContext& context, key::Level level) {
  AMETHYST_ASSERT(level >= 1 && level + 1 < key::kLevels);
  const std::vector<TableShape>& tables = context.shape.levels[level];
  const std::vector<double> heat = HeatOf(context, level);
  const double mean_heat = Mean(heat);
  const TableShape* best = nullptr;
  double best_cost = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < tables.size(); ++i) {
    const TableShape& table = tables[i];
    const std::span<const TableShape> lower = Overlapping(context.shape, level + 1, RangeOf(table));
    if (table.busy || !IsFree(context.shape, context.running, level + 1, RangeOf(table), lower)) continue;
    const bool denser = best == nullptr || IsDense(*table.info) > IsDense(*best->info);
    if (best != nullptr && IsDense(*table.info) < IsDense(*best->info)) continue;
    const double overlap = static_cast<double>(TotalBytes(lower)) / static_cast<double>(table.info->file_bytes);
    const double cost = overlap * std::sqrt(WithoutNoise(heat[i], mean_heat) + kHeatError);
    if (!denser && cost >= best_cost) continue;
    best = &table;
    best_cost = cost;
  }
  return best;
}

}  // namespace amethyst::compaction
