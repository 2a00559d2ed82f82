// What the planner sees of a tree: tables by level with their bounds, sizes and sketches, and which of them are taken.
//
// Plain borrowed data, so that a test can write a tree down by hand, and the questions about key ranges that all
// planning comes down to. Ranges are inclusive on both sides. Thread safety: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filter/key_sketch.h"
#include "key/order.h"
#include "key/range_tombstones.h"
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
  const key::RangeTombstones* tombstones = nullptr;  // nullptr: there are none.
  uint64_t oldest_range_delete_s = 0;                // When the oldest of them was written.
};

// Ranges of keys that running jobs write to, by level: a plan must not overlap them there.
struct RunningOutput {
  key::Level level = 0;
  std::string smallest;
  std::string largest;
};

// Keys from `smallest` to `largest`. Borrows.
struct KeyRange {
  std::string_view smallest;
  std::string_view largest;
};

[[nodiscard]] inline KeyRange RangeOf(const TableShape& table) { return {table.info->smallest, table.info->largest}; }
[[nodiscard]] bool Overlaps(const KeyRange& a, const KeyRange& b, const key::Order& order);
// The smallest range that covers both.
[[nodiscard]] KeyRange Hull(const KeyRange& a, const KeyRange& b, const key::Order& order);

// The tables of `level`, 1 or more, that overlap `range`: neighbours, since a level is sorted and disjoint.
[[nodiscard]] std::span<const TableShape> Overlapping(const TreeShape& shape, key::Level level, const KeyRange& range);
// Whether a table of a level below `level`, or what a running job writes there, overlaps `range`.
[[nodiscard]] bool AnythingBelow(const TreeShape& shape, const std::vector<RunningOutput>& running, key::Level level,
                                 const KeyRange& range);
// Whether a job may write `range` to `level` and use up the tables `lower` of that level: nobody else does.
[[nodiscard]] bool IsFree(const TreeShape& shape, const std::vector<RunningOutput>& running, key::Level level,
                          const KeyRange& range, std::span<const TableShape> lower);

[[nodiscard]] uint64_t TotalBytes(std::span<const TableShape> tables);

}  // namespace amethyst::compaction
