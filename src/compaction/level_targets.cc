#include "compaction/level_targets.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::compaction {
namespace {

// The base may hold that many times what a full level 0 does.
constexpr uint64_t kBaseLevel0Sizes = 4;
// While writes press level 0 holds that many times what calls for a merge otherwise.
constexpr uint32_t kPressedLevel0Sizes = 2;
// A base is given up when its share of the last level has shrunk to that part of what opened it.
constexpr uint64_t kGiveUpPart = 4;

key::Level FirstLevelInUse(const LevelTargets& targets, const std::vector<RunningOutput>& running) {
  key::Level first = key::kLevels - 1;
  for (key::Level level = first; level >= 1; --level) {
    if (targets.bytes[level] > 0) first = level;
  }
  for (const RunningOutput& output : running) {
    if (output.level > 0) first = std::min(first, output.level);
  }
  return first;
}

}  // namespace

LevelTargets TargetsOf(const TreeShape& shape, const std::vector<RunningOutput>& running,
                       const PlannerSettings& settings) {
  AMETHYST_ASSERT(settings.write_buffer_bytes > 0 && settings.level0_trigger > 0);
  LevelTargets targets;
  for (key::Level level = 0; level < key::kLevels; ++level) targets.bytes[level] = TotalBytes(shape.levels[level]);
  while (targets.last > 1 && targets.bytes[targets.last] == 0) --targets.last;
  if (targets.bytes[targets.last] == 0) targets.last = key::kLevels - 1;

  const uint64_t level0_bytes_full = settings.level0_trigger * settings.write_buffer_bytes;
  const uint64_t base_bytes_max = kBaseLevel0Sizes * level0_bytes_full;
  key::Level base = key::kLevels - 1;
  uint64_t base_bytes = *std::max_element(targets.bytes.begin() + 1, targets.bytes.end());
  targets.target[base] = base_bytes;
  while (base_bytes > base_bytes_max && base > 1) {
    base_bytes /= kLevelRatio;
    targets.target[--base] = base_bytes;
  }

  const key::Level in_use = FirstLevelInUse(targets, running);
  if (in_use + 1 == base && base_bytes > base_bytes_max / kGiveUpPart) {
    targets.target[in_use] = base_bytes_max / kLevelRatio;
  }
  targets.base = std::min(base, in_use);
  if (targets.target[targets.base] > 0 && targets.base < targets.last) {
    targets.target[targets.base] += level0_bytes_full - std::min(level0_bytes_full, targets.bytes[0]);
  }
  return targets;
}

double Level0Score(uint64_t runs, uint64_t bytes, const PlannerSettings& settings) {
  const double trigger = settings.level0_trigger * (settings.writes_press ? kPressedLevel0Sizes : 1);
  return std::max(static_cast<double>(runs) / trigger,
                  static_cast<double>(bytes) / (trigger * static_cast<double>(settings.write_buffer_bytes)));
}

}  // namespace amethyst::compaction
