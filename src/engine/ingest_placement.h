// The level at which each table of an ingest comes into the tree. Thread safety: pure functions.
#pragma once

#include <map>
#include <vector>

#include "compaction/shape.h"
#include "engine/ingested_tables.h"
#include "tree/forest.h"

namespace amethyst::engine {

using RunningOutputs = std::map<key::FamilyId, std::vector<compaction::RunningOutput>>;

// For each of the tables, in their order, the lowest level that it can stand at: nothing there or above overlaps it,
// nor does what running compactions write to one of these levels, nor an older table of the same ingest. 0 for those of
// dropped families.
[[nodiscard]] std::vector<key::Level> PlaceIngested(const IngestedTables& ingested, const tree::Forest& forest,
                                                    const RunningOutputs& running);

}  // namespace amethyst::engine
