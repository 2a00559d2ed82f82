// Which tables of a level to push down: those that cost the least to rewrite per byte of use.
//
// The cost of a candidate is what merging it with the tables that it overlaps below would write, per byte that it
// carries down. Key sketches correct both sides: keys that it shares with the tables below make one of each pair
// garbage, which is not written; entries that it shares with tables above it are dead already, so that carrying them
// down is of no use (and a table whose keys are overwritten all the time had better stay, where the overwriting is
// cheap). Tables full of tombstones go first. Thread safety: pure functions.
#pragma once

#include <optional>
#include <span>

#include "compaction/plan.h"
#include "compaction/shape.h"
#include "compaction/steps.h"
#include "key/types.h"

namespace amethyst::compaction {

// More tombstones than every second entry.
[[nodiscard]] inline bool IsDense(const sstable::TableInfo& info) { return info.deletes > info.entries / 2; }

// Neighbours of `level`, 1 or more and above the last, that can be pushed down now; none: all are busy or in somebody's
// way.
[[nodiscard]] std::span<const TableShape> ChooseVictims(const PlanContext& context, key::Level level);

// What merging `table` of `level` down writes, per byte of use that it carries.
[[nodiscard]] double CostOfPushing(const PlanContext& context, key::Level level, const TableShape& table,
                                   std::span<const TableShape> lower);

}  // namespace amethyst::compaction
