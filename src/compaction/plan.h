// What the planner is asked with, and what it answers: its settings, and a plan of what is rewritten next.
// Values alone: planner.h makes plans, a job carries them out. Thread safety: values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compaction/shape.h"
#include "key/types.h"

namespace amethyst::compaction {

struct PlannerSettings {
  uint64_t write_buffer_bytes = uint64_t{32} << 20;
  uint32_t level0_trigger = 4;                // Runs in level 0 that call for a merge.
  bool writes_press = false;                  // Buffers fill one after the other: twice as many do.
  uint64_t table_bytes = uint64_t{32} << 20;  // Aimed-at size of an output table.
  uint64_t now_s = 0;                         // Of the clock that tables' oldest_delete_time_s is of.
  uint64_t delete_deadline_s = 0;             // 0: none.
  // The oldest live snapshot; kSequenceMax: there is none. A table is rewritten in place, to be rid of its tombstones,
  // only if no snapshot is older than its newest entry: else it would be rewritten again and again. 0: never in place.
  key::SequenceNumber oldest_snapshot{};
  uint64_t expired_ms = 0;  // As Retention takes it: what expires by then has expired for all reads to come.
  bool use_sketches = true;
};

enum class PlanKind : uint8_t {
  kNothing,
  kMove,  // One edit, no I/O: the inputs change their level.
  kMerge,
  kDrop,  // The inputs hold nothing that any read can need: only an edit.
};

struct Plan {
  PlanKind kind = PlanKind::kNothing;
  key::Level from = 0;
  key::Level to = 0;                   // == from: `upper`, neighbours, is rewritten in place, or dropped.
  std::vector<key::FileNumber> upper;  // Inputs from `from`, in that level's order.
  std::vector<key::FileNumber> lower;  // Inputs from `to` that they overlap (kMerge).
  std::string reason;                  // For logs and golden tests: "level 0 has 5 runs".
  // Among plans for several trees the most urgent is carried out first: by how much a level is over its target, 1 or
  // more; less for what can wait, kAtOnce for what must not or costs nothing.
  double urgency = 0;
  static constexpr double kAtOnce = 1e9;
};

// A few lines of text that say all of a plan, for golden tests and logs.
[[nodiscard]] std::string Describe(const Plan& plan, const TreeShape& shape);

}  // namespace amethyst::compaction
