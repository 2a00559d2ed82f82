// How large each level should be, derived from the size of the last one.
//
// From the last level upwards each level should hold a tenth of the one below, until one is small enough to take what
// level 0 has gathered: that is the base, to which level 0 is merged; the levels between stay empty (RocksDB's dynamic
// level bytes, Dong et al. 2017). So all levels above the last hold a ninth of it at the most, and space amplification
// stays near 1.1. The base is merged to directly up to four times the size of a full level 0
// (docs/decisions/0004-compaction-policy.md).
//
// On top of its share the base may hold what level 0 has room for: so room is made in it while level 0 fills, in steps
// as small as the runs that arrive, and while level 0 shows which keys are being overwritten (victim.h).
//
// Hysteresis: a base opens when the level below outgrows its size, but is given up only when it should be a quarter of
// the size at which it opened: a mass delete, which shrinks the last level, does not make the levels above it move all
// at once. Thread safety: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "compaction/plan.h"
#include "compaction/shape.h"
#include "key/types.h"

namespace amethyst::compaction {

inline constexpr uint64_t kLevelRatio = 10;

struct LevelTargets {
  key::Level base = key::kLevels - 1;          // Level 0 is merged to it; no level between holds data.
  key::Level last = key::kLevels - 1;          // The deepest level that holds data.
  std::array<uint64_t, key::kLevels> bytes{};  // What the levels hold.
  std::array<uint64_t, key::kLevels>
      target{};  // Levels from 1 on: may hold; 0: is to be emptied. The last level's is its size.
};
[[nodiscard]] LevelTargets TargetsOf(const TreeShape& shape, const std::vector<RunningOutput>& running,
                                     const PlannerSettings& settings);

// How much level 0 calls for a merge, by its runs and by its bytes: 1 and more does. A merge rewrites the base whatever
// level 0 holds, so while writes press it gathers more; once they rest it is merged for the readers
// (docs/decisions/0006-level0-patience.md).
[[nodiscard]] double Level0Score(uint64_t runs, uint64_t bytes, const PlannerSettings& settings);

}  // namespace amethyst::compaction
