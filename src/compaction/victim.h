// Which tables of a level to push down: those that cost the least to rewrite per byte pushed down, for how hot they
// are.
//
// What merging a table with those that it overlaps below rewrites, per byte that it carries down, falls as its part of
// the level grows denser. Always taking the cheapest (RocksDB's kMinOverlappingRatio) empties every range at the same
// density; but a range that is written to seldom blocks the level's room for long until it is as dense as that. The
// total is least if ranges are emptied at densities in proportion to the square root of their rates of writing: the
// cost is weighed with that root (a case of the cost-benefit policy of Rosenblum and Ousterhout 1991; derived in
// docs/decisions/0004-compaction-policy.md). The rate shows in how many of a table's keys the tables above it, level
// 0's first of all, hold newer versions of, and the key sketches tell that. Tables full of tombstones go before all
// others. Thread safety: pure functions.
#pragma once

#include <vector>

#include "compaction/shape.h"
#include "compaction/steps.h"
#include "key/types.h"
#include "sstable/table_info.h"

namespace amethyst::compaction {

// More tombstones than every second entry.
[[nodiscard]] inline bool IsDense(const sstable::TableInfo& info) { return info.deletes > info.entries / 2; }

// The table of `level`, 1 or more and above the last, to push down now; nullptr: all are busy, or others are in their
// way.
[[nodiscard]] const TableShape* ChooseVictim(const PlanContext& context, key::Level level);

// For each table of `level` the share of its entries that tables above it replace (counted as often as they do); 0
// where it is unknown.
[[nodiscard]] std::vector<double> HeatOf(const PlanContext& context, key::Level level);

}  // namespace amethyst::compaction
