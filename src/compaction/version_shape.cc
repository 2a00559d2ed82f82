#include <algorithm>

#include "compaction/merge_job.h"

namespace amethyst::compaction {
namespace {

const filter::KeySketch* SketchOf(const tree::Table& table) {
  const Result<const sstable::TableReader*> reader = table.Open();
  if (!reader || !(*reader)->sketch()) return nullptr;  // Unknown: a sketch steers choices only.
  return &*(*reader)->sketch();
}

}  // namespace

TreeShape ShapeOf(const tree::Version& version, const std::vector<key::FileNumber>& busy, bool want_sketches) {
  TreeShape shape;
  shape.order = version.order();
  shape.tombstones = version.tombstones().get();
  if (shape.tombstones != nullptr) {
    shape.oldest_range_delete_s = version.tombstone_table()->info().oldest_delete_time_s;
  }
  key::Level last = key::kLevels - 1;
  while (last > 0 && version.tables(last).empty()) --last;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::TablePtr& table : version.tables(level)) {
      shape.levels[level].push_back({table->number(), &table->info(),
                                     want_sketches && level < last ? SketchOf(*table) : nullptr,
                                     std::find(busy.begin(), busy.end(), table->number()) != busy.end()});
    }
  }
  return shape;
}

}  // namespace amethyst::compaction
