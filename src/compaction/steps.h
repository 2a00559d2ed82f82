// The steps that plans are made of: push tables one level down, rewrite some in place, drop one.
//
// Each builds a complete plan that keeps the planner's invariants, or says that it is not possible now (a running job
// is in the way). Thread safety: pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compaction/level_targets.h"
#include "compaction/plan.h"
#include "compaction/shape.h"

namespace amethyst::compaction {

// What every step looks at. Borrows.
struct PlanContext {
  const TreeShape& shape;
  const std::vector<RunningOutput>& running;
  const PlannerSettings& settings;
  LevelTargets targets;
};

// Tables of level 0 that go down together. No older table outside overlaps them.
struct Level0Group {
  std::vector<const TableShape*> tables;  // Newest first.
  KeyRange range;
  std::span<const TableShape> lower;  // Of the base.
};
// All tables of level 0 that may go down now, in groups that overlap neither each other nor the same tables of the
// base.
[[nodiscard]] std::vector<Level0Group> GroupLevel0(const PlanContext& context);
// Moves, or merges into the base. nullopt: the base is busy there.
[[nodiscard]] std::optional<Plan> PushDown(const PlanContext& context, const Level0Group& group, std::string reason);

// Moves, or merges into level + 1, these neighbours of `level`, 1 or more. nullopt: they, or the tables below, are
// busy.
[[nodiscard]] std::optional<Plan> PushDown(const PlanContext& context, key::Level level,
                                           std::span<const TableShape> upper, std::string reason);

// Whether a table of `level` over this range would overlap so much of the level below that its own way down is dear.
[[nodiscard]] bool IsWide(const PlanContext& context, key::Level level, const KeyRange& range);

// Merges these neighbours of `level`, 1 or more, within it. nullopt: one of them is busy, or a job writes there.
[[nodiscard]] std::optional<Plan> MergeInPlace(const PlanContext& context, key::Level level,
                                               std::span<const TableShape> tables, std::string reason);

// Rids a table with nothing below it of its tombstones, or of what only past snapshots saw. nullopt: it is busy.
[[nodiscard]] std::optional<Plan> RewriteInPlace(const PlanContext& context, key::Level level, const TableShape& table,
                                                 std::string reason);

// Drops a table in which nothing is alive and which hides nothing older. nullopt: something is, it does, or it is busy.
[[nodiscard]] std::optional<Plan> Drop(const PlanContext& context, key::Level level, const TableShape& table);

}  // namespace amethyst::compaction
