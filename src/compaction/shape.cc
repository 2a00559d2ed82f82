#include "compaction/shape.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::compaction {

bool Overlaps(const KeyRange& a, const KeyRange& b, const key::Order& order) {
  return order.Compare(a.smallest, b.largest) <= 0 && order.Compare(b.smallest, a.largest) <= 0;
}

KeyRange Hull(const KeyRange& a, const KeyRange& b, const key::Order& order) {
  return {order.Less(b.smallest, a.smallest) ? b.smallest : a.smallest,
          order.Less(a.largest, b.largest) ? b.largest : a.largest};
}

std::span<const TableShape> Overlapping(const TreeShape& shape, key::Level level, const KeyRange& range) {
  AMETHYST_ASSERT(level >= 1 && level < key::kLevels);
  const std::vector<TableShape>& tables = shape.levels[level];
  const auto begin = std::partition_point(tables.begin(), tables.end(), [&](const TableShape& table) {
    return shape.order.Less(table.info->largest, range.smallest);
  });
  const auto end = std::partition_point(begin, tables.end(), [&](const TableShape& table) {
    return !shape.order.Less(range.largest, table.info->smallest);
  });
  return {begin, end};
}

bool AnythingBelow(const TreeShape& shape, const std::vector<RunningOutput>& running, key::Level level,
                   const KeyRange& range) {
  for (key::Level below = level + 1; below < key::kLevels; ++below) {
    if (!Overlapping(shape, below, range).empty()) return true;
  }
  return std::any_of(running.begin(), running.end(), [&](const RunningOutput& output) {
    return output.level > level && Overlaps(range, {output.smallest, output.largest}, shape.order);
  });
}

bool IsFree(const TreeShape& shape, const std::vector<RunningOutput>& running, key::Level level, const KeyRange& range,
            std::span<const TableShape> lower) {
  if (std::any_of(lower.begin(), lower.end(), [](const TableShape& table) { return table.busy; })) return false;
  return std::none_of(running.begin(), running.end(), [&](const RunningOutput& output) {
    return output.level == level && Overlaps(range, {output.smallest, output.largest}, shape.order);
  });
}

uint64_t TotalBytes(std::span<const TableShape> tables) {
  uint64_t bytes = 0;
  for (const TableShape& table : tables) bytes += table.info->file_bytes;
  return bytes;
}

}  // namespace amethyst::compaction
