#include "compaction/victim.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "filter/key_sketch.h"

namespace amethyst::compaction {
namespace {

// Neighbours of the victim that overlap nothing else below join it up to that many times the size of a table.
constexpr uint64_t kVictimTablesMax = 4;

double EntryBytes(const TableShape& table) {
  return static_cast<double>(table.info->file_bytes) / static_cast<double>(std::max<uint64_t>(table.info->entries, 1));
}

double SharedKeys(const TableShape& a, const TableShape& b) {
  if (a.sketch == nullptr || b.sketch == nullptr) return 0;
  return static_cast<double>(filter::KeySketch::EstimateShared(*a.sketch, *b.sketch));
}

// Bytes of `table` that newer entries in the level above, or in level 0, have replaced.
double DeadBytes(const PlanContext& context, key::Level level, const TableShape& table) {
  double shared = 0;
  for (const TableShape& above : context.shape.levels[0]) shared += SharedKeys(table, above);
  for (key::Level above = context.targets.base; above < level; ++above) {
    for (const TableShape& newer : Overlapping(context.shape, above, RangeOf(table)))
      shared += SharedKeys(table, newer);
  }
  return shared * EntryBytes(table);
}

}  // namespace

double CostOfPushing(const PlanContext& context, key::Level level, const TableShape& table,
                     std::span<const TableShape> lower) {
  const double carried = static_cast<double>(table.info->file_bytes);
  double written = carried + static_cast<double>(TotalBytes(lower));
  double useful = carried;
  if (context.settings.use_sketches && table.sketch != nullptr) {
    for (const TableShape& older : lower) written -= SharedKeys(table, older) * EntryBytes(older);
    useful -= DeadBytes(context, level, table);
  }
  // Estimates err: a table is never all dead, nor is a merge ever free.
  return std::max(written, carried / 2) / std::max(useful, carried / 16);
}

std::span<const TableShape> ChooseVictims(const PlanContext& context, key::Level level) {
  AMETHYST_ASSERT(level >= 1 && level + 1 < key::kLevels);
  const std::vector<TableShape>& tables = context.shape.levels[level];
  const TableShape* best = nullptr;
  double best_cost = std::numeric_limits<double>::infinity();
  bool best_dense = false;
  for (const TableShape& table : tables) {
    const std::span<const TableShape> lower = Overlapping(context.shape, level + 1, RangeOf(table));
    if (table.busy || !IsFree(context.shape, context.running, level + 1, RangeOf(table), lower)) continue;
    const bool dense = IsDense(*table.info);
    if (best_dense && !dense) continue;
    const double cost = CostOfPushing(context, level, table, lower);
    if (cost < best_cost || (dense && !best_dense)) {
      best = &table;
      best_cost = cost;
      best_dense = dense;
    }
  }
  if (best == nullptr) return {};
  return {best, 1};
}

}  // namespace amethyst::compaction
