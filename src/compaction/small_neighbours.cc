#include "compaction/small_neighbours.h"

#include <algorithm>

namespace amethyst::compaction {
namespace {

constexpr uint64_t kSmallPart = 8;
constexpr size_t kCountMin = 4;

// The first window within `tables`, all of them small. Where one table outweighs all others it is left alone, with a
// search on both sides of it: that halves the bytes, so the recursion is not deep.
std::span<const TableShape> WindowIn(std::span<const TableShape> tables) {
  if (tables.size() < kCountMin) return {};
  const auto bytes_of = [](const TableShape& table) { return table.info->file_bytes; };
  const auto largest = std::ranges::max_element(tables, {}, bytes_of);
  if (2 * largest->info->file_bytes <= TotalBytes(tables)) return tables;
  const auto before = static_cast<size_t>(largest - tables.begin());
  const std::span<const TableShape> window = WindowIn(tables.first(before));
  return window.empty() ? WindowIn(tables.subspan(before + 1)) : window;
}

}  // namespace

bool IsSmall(const TableShape& table, const PlannerSettings& settings) {
  return table.info->file_bytes < std::min(settings.write_buffer_bytes, settings.table_bytes) / kSmallPart;
}

std::span<const TableShape> SmallNeighbours(const PlanContext& context, key::Level level) {
  const std::span<const TableShape> tables = context.shape.levels[level];
  const uint64_t bytes_max = NeighbourBytesMax(context.settings);
  for (size_t begin = 0, end = 0; begin < tables.size(); begin = std::max(end, begin + 1)) {
    uint64_t bytes = 0;
    for (end = begin; end < tables.size() && !tables[end].busy && IsSmall(tables[end], context.settings); ++end) {
      bytes += tables[end].info->file_bytes;
      if (bytes > bytes_max) break;
    }
    const std::span<const TableShape> window = WindowIn(tables.subspan(begin, end - begin));
    if (!window.empty() && !IsWide(context, level, {window.front().info->smallest, window.back().info->largest})) {
      return window;
    }
  }
  return {};
}

}  // namespace amethyst::compaction
