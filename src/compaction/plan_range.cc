#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "compaction/covered.h"
#include "compaction/planner.h"
#include "compaction/small_neighbours.h"
#include "compaction/steps.h"

namespace amethyst::compaction {
namespace {

// A step takes up to that many tables down: large enough to rewrite little twice, small enough to be interrupted.
constexpr uint64_t kStepTables = 32;

key::FileNumber GreatestNumber(const TreeShape& shape) {
  key::FileNumber greatest{};
  for (const std::vector<TableShape>& level : shape.levels) {
    for (const TableShape& table : level) greatest = std::max(greatest, table.number);
  }
  return greatest;
}

bool IsInRange(const TableShape& table, const RangeGoal& goal, const key::Order& order) {
  return (!goal.end || order.Compare(table.info->smallest, *goal.end) <= 0) &&
         (!goal.begin || order.Compare(*goal.begin, table.info->largest) <= 0);
}

// The table's run of neighbours that belong to the goal, as far as one step takes them.
std::span<const TableShape> StepFrom(const PlanContext& context, const RangeGoal& goal, size_t first) {
  const std::vector<TableShape>& tables = context.shape.levels[goal.level];
  const uint64_t bytes_max = kStepTables * context.settings.table_bytes;
  uint64_t bytes = tables[first].info->file_bytes;
  size_t count = 1;
  while (first + count < tables.size()) {
    const TableShape& next = tables[first + count];
    if (next.busy || next.number > goal.newest || !IsInRange(next, goal, context.shape.order)) break;
    bytes += next.info->file_bytes;
    if (bytes > bytes_max) break;
    ++count;
  }
  return {&tables[first], count};
}

struct LevelStep {
  bool level_done = true;    // No table of the level belongs to the goal any more.
  std::optional<Plan> plan;  // nullopt although not done: running jobs are in the way.
};

LevelStep StepInLevel0(const PlanContext& context, const RangeGoal& goal, const std::string& reason) {
  const auto belongs = [&](const TableShape& table) {
    return table.number <= goal.newest && IsInRange(table, goal, context.shape.order);
  };
  const std::vector<TableShape>& tables = context.shape.levels[0];
  LevelStep step{.level_done = std::none_of(tables.begin(), tables.end(), belongs), .plan = {}};
  if (step.level_done) return step;
  for (const Level0Group& group : GroupLevel0(context)) {
    if (std::none_of(group.tables.begin(), group.tables.end(),
                     [&](const TableShape* table) { return belongs(*table); })) {
      continue;
    }
    step.plan = PushDown(context, group, reason);
    if (step.plan) break;
  }
  return step;
}

LevelStep StepInLevel(const PlanContext& context, const RangeGoal& goal, const std::string& reason) {
  const std::vector<TableShape>& tables = context.shape.levels[goal.level];
  LevelStep step;
  for (size_t i = 0; i < tables.size() && !step.plan; ++i) {
    if (tables[i].number > goal.newest || !IsInRange(tables[i], goal, context.shape.order)) continue;
    step.level_done = false;
    if (!tables[i].busy) step.plan = PushDown(context, goal.level, StepFrom(context, goal, i), reason);
  }
  return step;
}

// What may hold tombstones, or versions that nobody sees any more.
bool IsUnsettled(const PlanContext& context, const TableShape& table) {
  return table.info->deletes > 0 || table.info->AnyExpires(context.settings.expired_ms) ||
         table.info->largest_sequence != key::SequenceNumber{0} ||
         MayHoldCovered(context.shape, table, context.settings.oldest_snapshot);
}

// Tables that no merge of this goal has made, and that are unsettled, or small and neighbours: each together with those
// behind it that fit into one table.
LevelStep StepInLastLevel(const PlanContext& context, const RangeGoal& goal, const std::string& reason) {
  const std::vector<TableShape>& tables = context.shape.levels[goal.level];
  const auto belongs = [&](const TableShape& table) {
    return table.number <= *goal.first && IsInRange(table, goal, context.shape.order);
  };
  const auto is_small = [&](const TableShape& table) { return IsSmall(table, context.settings); };
  LevelStep step;
  for (size_t i = 0; i < tables.size() && !step.plan; ++i) {
    if (!belongs(tables[i])) continue;
    uint64_t bytes = tables[i].info->file_bytes;
    size_t end = i + 1;
    for (; end < tables.size() && belongs(tables[end]) && !tables[end].busy; ++end) {
      bytes += tables[end].info->file_bytes;
      if (bytes > NeighbourBytesMax(context.settings)) break;
    }
    const std::span<const TableShape> group(&tables[i], end - i);
    const bool small_neighbours = group.size() > 1 && std::ranges::all_of(group, is_small);
    if (!small_neighbours && !goal.rewrites_all && !IsUnsettled(context, tables[i])) continue;
    step.level_done = false;
    step.plan = MergeInPlace(context, goal.level, group, reason);
  }
  return step;
}

}  // namespace

Plan PlanRange(const TreeShape& shape, const std::vector<RunningOutput>& running, const PlannerSettings& settings,
               RangeGoal& goal) {
  const PlanContext context{shape, running, settings, TargetsOf(shape, running, settings)};
  if (!goal.first) {
    goal.first = GreatestNumber(shape);
    goal.newest = *goal.first;
  }
  while (!goal.done) {
    const std::string reason = fmt::format("level {} of a compaction by hand", goal.level);
    const bool last = goal.level >= context.targets.last;
    const LevelStep step = goal.level == 0 ? StepInLevel0(context, goal, reason)
                           : last          ? StepInLastLevel(context, goal, reason)
                                           : StepInLevel(context, goal, reason);
    if (!step.level_done) return step.plan.value_or(Plan{});
    goal.done = last;
    ++goal.level;
    goal.newest = GreatestNumber(shape);
  }
  return {};
}

}  // namespace amethyst::compaction
