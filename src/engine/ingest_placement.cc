#include "engine/ingest_placement.h"

#include <algorithm>

namespace amethyst::engine {

std::vector<key::Level> PlaceIngested(const IngestedTables& ingested, const tree::Forest& forest,
                                      const RunningOutputs& running) {
  RunningOutputs taken = running;
  std::vector<key::Level> levels;
  for (const tree::AddedTable& table : ingested.added()) {
    key::Level& level = levels.emplace_back(0);
    const tree::FamilyTree* const tree = forest.Find({.id = table.family});
    if (tree == nullptr) continue;
    const sstable::TableInfo& info = table.info;
    const key::Order& order = tree->version->order();
    std::vector<compaction::RunningOutput>& outputs = taken[table.family];
    const auto is_free = [&](key::Level at) {
      return tree->version->Overlapping(at, info.smallest, info.largest).empty() &&
             std::ranges::none_of(outputs, [&](const compaction::RunningOutput& output) {
               return output.level == at && !order.Less(info.largest, output.smallest) &&
                      !order.Less(output.largest, info.smallest);
             });
    };
    for (key::Level at = 0; at < key::kLevels && is_free(at); ++at) level = at;
    outputs.push_back({.level = level, .smallest = info.smallest, .largest = info.largest});
  }
  return levels;
}

}  // namespace amethyst::engine
