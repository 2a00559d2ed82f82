// How full the levels of one family are, measured by the targets that the planner of compactions goes by, and what
// their shape costs: how many places a read looks at, how often a byte is written, how much is on disk for what is
// alive.
// Thread safety: plain values and pure functions.
#pragma once

#include <array>
#include <cstdint>

#include "compaction/plan.h"
#include "inspect/tree_report.h"
#include "key/types.h"

namespace amethyst::inspect {

struct LevelShares {
  std::array<uint64_t, key::kLevels> bytes{};
  // Level 0: from which size on it is merged. The levels from the base on: what they may hold, the last level's being
  // its size. 0: nothing should be there.
  std::array<uint64_t, key::kLevels> target{};
  // Of its target; level 0 may be full by its tables, too, each of which a read asks. A level whose target is 0 has 0.
  std::array<double, key::kLevels> filled{};
  key::Level last = 0;   // The deepest that holds anything; 0 if none below level 0 does.
  uint64_t all = 0;      // Bytes.
  uint64_t largest = 0;  // Of the levels' bytes.

  // The places that a scan looks at, and at the most a lookup, which most filters spare: the tables of level 0, and
  // each other level that holds anything.
  uint64_t read_amplification = 0;
  // How often a byte that is written from now on is written to tables, at the most, until it is at the last level: once
  // as level 0, and at each level below with what it meets there. What repeats overwrites costs less.
  double write_amplification = 0;
  // The bytes of all levels for each of the last, which holds most of what is alive; 0: there are none.
  double space_amplification = 0;
};

// `settings` as those of the process that writes; they decide how large level 0 may become.
[[nodiscard]] LevelShares SharesOf(const ManifestState& state, key::FamilyId family,
                                   const compaction::PlannerSettings& settings);

}  // namespace amethyst::inspect
