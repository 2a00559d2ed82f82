#include "inspect/level_shares.h"

#include <algorithm>

#include "compaction/level_targets.h"
#include "compaction/shape.h"

namespace amethyst::inspect {

namespace {

compaction::TreeShape ShapeOf(const ManifestState& state, key::FamilyId family) {
  compaction::TreeShape shape;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::AddedTable& table : state.levels[level]) {
      if (table.family == family) shape.levels[level].push_back({.number = table.number, .info = &table.info});
    }
  }
  return shape;
}

double Ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// What arrives at a level is merged with the part of it that it covers. A full level 0 covers all keys; a table of a
// level, which gives away only what is over its target, covers as much as the two levels' sizes make of it.
double WriteAmplificationOf(const LevelShares& shares, key::Level base) {
  double times = 1;
  uint64_t above = shares.target[0];
  for (key::Level level = base; level <= shares.last; ++level) {
    times += 1 + Ratio(shares.bytes[level], above);
    above = std::max(shares.bytes[level], shares.target[level]);
  }
  return times;
}

}  // namespace

LevelShares SharesOf(const ManifestState& state, key::FamilyId family, const compaction::PlannerSettings& settings) {
  const compaction::TreeShape shape = ShapeOf(state, family);
  const compaction::LevelTargets targets = compaction::TargetsOf(shape, {}, settings);
  LevelShares shares{.bytes = targets.bytes, .target = targets.target};
  shares.target[0] = settings.level0_trigger * settings.write_buffer_bytes;
  const uint64_t level0_tables = shape.levels[0].size();
  shares.filled[0] = compaction::Level0Score(level0_tables, shares.bytes[0], settings);
  shares.read_amplification = level0_tables;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    shares.all += shares.bytes[level];
    shares.largest = std::max(shares.largest, shares.bytes[level]);
    if (level == 0 || shares.bytes[level] == 0) continue;
    shares.filled[level] = Ratio(shares.bytes[level], shares.target[level]);
    shares.read_amplification += 1;
    shares.last = level;
  }
  shares.space_amplification = Ratio(shares.all, shares.bytes[shares.last]);
  shares.write_amplification = WriteAmplificationOf(shares, targets.base);
  return shares;
}

}  // namespace amethyst::inspect
