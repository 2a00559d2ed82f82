// The planner: a pure function from the shape of the tree to what should be rewritten next.
//
// Leveled, size ratio 10. Level targets derive from the size of the last level (as RocksDB's dynamic level bytes do), with
// hysteresis, so that space amplification stays near 1.1 and a mass delete does not set off a storm. The victim in a level is the table with the
// least bytes to rewrite per byte pushed down, less the garbage that the key sketches predict; dense tombstones go first; a
// tombstone older than the deadline goes before all. Does no I/O and holds no state: golden text tests read its choices.
// Thread safety: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filter/key_sketch.h"
#include "key/order.h"
#include "key/types.h"
#include "sstable/table_info.h"

namespace amethyst::compaction {

// What the planner sees of one table. Borrows.
struct TableShape {
  key::FileNumber number{};
  const sstable::TableInfo* info = nullptr;
  const filter::KeySketch* sketch = nullptr;  // nullptr: unknown.
  bool busy = false;                          // Input of a running job.
};

struct TreeShape {
  std::array<std::vector<TableShape>, key::kLevels> levels;  // Level 0 newest first, the others by key.
  key::Order order{};
};

// Ranges of keys that running jobs write to, by level: a plan must not overlap them there.
struct RunningOutput {
  key::Level level = 0;
  std::string smallest;
  std::string largest;
};

struct PlannerSettings {
  uint64_t write_buffer_bytes = uint64_t{32} << 20;
  uint32_t level0_trigger = 4;        // Runs in level 0 that call for a merge.
  uint64_t table_bytes = uint64_t{32} << 20;  // Aimed-at size of an output table.
  uint64_t now_s = 0;                 // Wall time, for the deadline.
  uint64_t delete_deadline_s = 0;     // 0: none.
  bool use_sketches = true;
};

enum class PlanKind : uint8_t {
  kNothing,
  kMove,   // One edit, no I/O: the inputs change their level.
  kMerge,
  kDrop,   // The inputs hold nothing that any read can need: only an edit.
};

struct Plan {
  PlanKind kind = PlanKind::kNothing;
  key::Level from = 0;
  key::Level to = 0;
  std::vector<key::FileNumber> upper;  // Inputs from `from`, in that level's order.
  std::vector<key::FileNumber> lower;  // Inputs from `to` that they overlap (kMerge).
  std::string reason;                  // For logs and golden tests: "level 0 has 5 runs".
};

[[nodiscard]] Plan PlanCompaction(const TreeShape& shape, const std::vector<RunningOutput>& running,
                                  const PlannerSettings& settings);
// The next step of compacting all of [begin, end] down to the last level that holds data; kNothing when that is done. Tables that
// were made after `newest` (their numbers are greater) need not move: new writes do not keep it from ending.
[[nodiscard]] Plan PlanRange(const TreeShape& shape, const std::vector<RunningOutput>& running,
                             const PlannerSettings& settings, std::optional<std::string_view> begin,
                             std::optional<std::string_view> end, key::FileNumber newest);

// Bytes that have to be rewritten until the tree has its shape: what the pacing of writes looks at.
[[nodiscard]] uint64_t CompactionDebt(const TreeShape& shape, const PlannerSettings& settings);

// A few lines of text that say all of a plan, for golden tests and logs.
[[nodiscard]] std::string Describe(const Plan& plan, const TreeShape& shape);

}  // namespace amethyst::compaction
