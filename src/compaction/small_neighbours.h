// Small neighbouring tables that are worth one merge.
//
// Little written between two flushes or closes makes a table each, and where keys ascend they only move down: nothing
// else would ever merge them. A window of neighbours of one level is merged in place if its largest table holds no more
// than half of its bytes. So a table that is written is at least twice as large as each that went into it, an entry is
// rewritten a logarithm of times at the most, and what is left behind large tables is a logarithm of tables. Tables of
// full write buffers are not small, so ordinary loads are left alone (docs/decisions/0023-small-neighbours-merge.md).
// Thread safety: pure functions.
#pragma once

#include <span>

#include "compaction/plan.h"
#include "compaction/steps.h"

namespace amethyst::compaction {

// Below an eighth of a write buffer, and of the tables that merges aim at.
[[nodiscard]] bool IsSmall(const TableShape& table, const PlannerSettings& settings);

// Neighbours that a merge in place turns into one table; of more than this an output might be cut.
[[nodiscard]] inline uint64_t NeighbourBytesMax(const PlannerSettings& settings) { return settings.table_bytes / 2; }

// The first such window of `level`, 1 or more; empty if the level has no such window.
[[nodiscard]] std::span<const TableShape> SmallNeighbours(const PlanContext& context, key::Level level);

}  // namespace amethyst::compaction
