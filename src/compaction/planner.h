// The planner: a pure function from the shape of the tree to what should be rewritten next.
//
// Leveled, size ratio 10. Level targets derive from the size of the last level (level_targets.h). The victim in a level
// is the table with the least bytes to rewrite per byte pushed down, less the garbage that the key sketches predict
// (victim.h); dense tombstones go first; a tombstone near its deadline goes before all; small tables that are
// neighbours are merged when nothing else is due (small_neighbours.h). Does no I/O and holds no state: golden text
// tests read its choices.
//
// Invariants of every plan: no input is busy; nobody else writes to the level `to` within the inputs' range; all tables
// of `to` that the range of `upper` overlaps are in `lower`; an older table of level 0 goes down no later than a newer
// one that overlaps it. Carrying out plan after plan comes to kNothing. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compaction/plan.h"
#include "compaction/shape.h"
#include "key/types.h"

namespace amethyst::compaction {

[[nodiscard]] Plan PlanCompaction(const TreeShape& shape, const std::vector<RunningOutput>& running,
                                  const PlannerSettings& settings);

// What the deadline alone calls for, as PlanCompaction would.
[[nodiscard]] Plan PlanDueDeletes(const TreeShape& shape, const PlannerSettings& settings);

// A compaction by hand of all of [begin, end] down to the last level that holds data, and how far it has come. It goes
// level by level from the top; at each it needs to move only tables that were there when it came to that level, so that
// it ends even while writes go on. Tables of the last level that were there from the start and may hold garbage are
// rewritten, once, and small neighbours among them are merged.
struct RangeGoal {
  std::optional<std::string> begin;  // Both inclusive; nullopt is open.
  std::optional<std::string> end;
  bool rewrites_all = false;  // Tables of the last level as well that have nothing to be rid of: for a filter.

  // Kept by PlanRange.
  key::Level level = 0;                  // Levels above it are done.
  std::optional<key::FileNumber> first;  // Greatest number in use at the start; nullopt: not begun.
  key::FileNumber newest{};              // Greatest number in use when it came to `level`.
  bool done = false;
};
// The next step; advances `goal`. kNothing: there is nothing more to do (goal.done), or what has to be done next is
// held up by running jobs: ask again when one of them has ended.
[[nodiscard]] Plan PlanRange(const TreeShape& shape, const std::vector<RunningOutput>& running,
                             const PlannerSettings& settings, RangeGoal& goal);

// Bytes that have to be rewritten until the tree has its shape: what the pacing of writes looks at.
[[nodiscard]] uint64_t CompactionDebt(const TreeShape& shape, const PlannerSettings& settings);

}  // namespace amethyst::compaction
