#include "compaction/steps.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::compaction {
namespace {

// A table that would overlap more tables than that in the level below is not moved there but cut up.
constexpr uint64_t kGrandparentTables = 10;

std::vector<key::FileNumber> Numbers(std::span<const TableShape> tables) {
  std::vector<key::FileNumber> numbers;
  for (const TableShape& table : tables) numbers.push_back(table.number);
  return numbers;
}

// Whether a move to `to` is as good as a merge there, in a range where `to` is empty.
bool IsMovable(const PlanContext& context, const TableShape& table, key::Level to) {
  const KeyRange range = RangeOf(table);
  if (table.info->deletes > 0 && !AnythingBelow(context.shape, context.running, to, range)) return false;
  return !IsWide(context, to, range);
}

// Tables of level 0 that are busy, or newer than such a one that they overlap, in the level's order.
std::vector<bool> HeldUpInLevel0(const TreeShape& shape) {
  const std::vector<TableShape>& tables = shape.levels[0];
  std::vector<bool> held_up(tables.size());
  for (size_t i = tables.size(); i-- > 0;) {
    held_up[i] = tables[i].busy;
    for (size_t older = i + 1; older < tables.size() && !held_up[i]; ++older) {
      held_up[i] = held_up[older] && Overlaps(RangeOf(tables[i]), RangeOf(tables[older]), shape.order);
    }
  }
  return held_up;
}

}  // namespace

bool IsWide(const PlanContext& context, key::Level level, const KeyRange& range) {
  if (level + 1 >= key::kLevels) return false;
  return TotalBytes(Overlapping(context.shape, level + 1, range)) > kGrandparentTables * context.settings.table_bytes;
}

std::vector<Level0Group> GroupLevel0(const PlanContext& context) {
  const TreeShape& shape = context.shape;
  const std::vector<bool> held_up = HeldUpInLevel0(shape);
  std::vector<const TableShape*> by_key;
  for (size_t i = 0; i < held_up.size(); ++i) {
    if (!held_up[i]) by_key.push_back(&shape.levels[0][i]);
  }
  std::sort(by_key.begin(), by_key.end(), [&](const TableShape* a, const TableShape* b) {
    const int order = shape.order.Compare(a->info->smallest, b->info->smallest);
    return order != 0 ? order < 0 : a < b;
  });

  std::vector<Level0Group> groups;
  for (const TableShape* table : by_key) {
    const bool joins = !groups.empty() && [&](const Level0Group& group) {
      std::string_view reach = group.range.largest;
      if (!group.lower.empty()) reach = Hull(group.range, RangeOf(group.lower.back()), shape.order).largest;
      return !shape.order.Less(reach, table->info->smallest);
    }(groups.back());
    if (!joins) groups.push_back({{}, RangeOf(*table), {}});
    Level0Group& group = groups.back();
    group.tables.push_back(table);
    group.range = Hull(group.range, RangeOf(*table), shape.order);
    group.lower = Overlapping(shape, context.targets.base, group.range);
  }
  for (Level0Group& group : groups) std::sort(group.tables.begin(), group.tables.end());  // Back in the level's order.
  return groups;
}

std::optional<Plan> PushDown(const PlanContext& context, const Level0Group& group, std::string reason) {
  const key::Level base = context.targets.base;
  if (!IsFree(context.shape, context.running, base, group.range, group.lower)) return std::nullopt;
  const bool move = group.tables.size() == 1 && group.lower.empty() && IsMovable(context, *group.tables[0], base);
  Plan plan{move ? PlanKind::kMove : PlanKind::kMerge, 0, base, {}, Numbers(group.lower), std::move(reason)};
  for (const TableShape* table : group.tables) {
    AMETHYST_ASSERT(!table->busy);
    plan.upper.push_back(table->number);
  }
  return plan;
}

std::optional<Plan> PushDown(const PlanContext& context, key::Level level, std::span<const TableShape> upper,
                             std::string reason) {
  AMETHYST_ASSERT(level >= 1 && level + 1 < key::kLevels && !upper.empty());
  const KeyRange range = {upper.front().info->smallest, upper.back().info->largest};
  const std::span<const TableShape> lower = Overlapping(context.shape, level + 1, range);
  if (!IsFree(context.shape, context.running, level + 1, range, lower)) return std::nullopt;
  if (std::any_of(upper.begin(), upper.end(), [](const TableShape& table) { return table.busy; })) return std::nullopt;
  const bool move = lower.empty() && std::all_of(upper.begin(), upper.end(), [&](const TableShape& table) {
                      return IsMovable(context, table, level + 1);
                    });
  return Plan{
      move ? PlanKind::kMove : PlanKind::kMerge, level, level + 1, Numbers(upper), Numbers(lower), std::move(reason)};
}

std::optional<Plan> RewriteInPlace(const PlanContext& context, key::Level level, const TableShape& table,
                                   std::string reason) {
  AMETHYST_DCHECK(!AnythingBelow(context.shape, {}, level, RangeOf(table)));
  return MergeInPlace(context, level, {&table, 1}, std::move(reason));
}

std::optional<Plan> MergeInPlace(const PlanContext& context, key::Level level, std::span<const TableShape> tables,
                                 std::string reason) {
  AMETHYST_ASSERT(level >= 1 && !tables.empty());
  const KeyRange range = {tables.front().info->smallest, tables.back().info->largest};
  if (!IsFree(context.shape, context.running, level, range, tables)) return std::nullopt;
  return Plan{PlanKind::kMerge, level, level, Numbers(tables), {}, std::move(reason)};
}

std::optional<Plan> Drop(const PlanContext& context, key::Level level, const TableShape& table) {
  if (table.info->DeadFromMs() > context.settings.expired_ms || table.busy) return std::nullopt;
  const KeyRange range = RangeOf(table);
  if (AnythingBelow(context.shape, context.running, level, range)) return std::nullopt;
  if (level == 0) {  // Older tables stand behind it in the level's order.
    const std::vector<TableShape>& tables = context.shape.levels[0];
    const auto older = std::find_if(tables.begin(), tables.end(),
                                    [&](const TableShape& other) { return other.number == table.number; }) +
                       1;
    if (std::any_of(older, tables.end(),
                    [&](const TableShape& other) { return Overlaps(range, RangeOf(other), context.shape.order); })) {
      return std::nullopt;
    }
  }
  const bool expires = table.info->expiries.entries > 0;
  return Plan{PlanKind::kDrop,
              level,
              level,
              {table.number},
              {},
              expires ? "all has expired, and nothing is below" : "nothing but tombstones, and nothing below"};
}

}  // namespace amethyst::compaction
