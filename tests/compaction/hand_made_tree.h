// Trees written down by hand, for golden tests of the planner. Thread safety: one thread at a time.
#pragma once

#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

#include "compaction/plan.h"
#include "compaction/shape.h"

namespace amethyst::compaction {

constexpr uint64_t kMiB = uint64_t{1} << 20;

struct HandMadeTable {
  key::Level level = 0;
  uint64_t number = 0;
  std::string smallest;
  std::string largest;
  uint64_t mib = 32;
  uint64_t deletes = 0;  // Of 1000 entries.
  uint64_t oldest_delete_time_s = 0;
  bool busy = false;
  // Keys of the sketch: [first, first + count), of which one in 512 counts. 0: no sketch.
  uint64_t sketch_first = 0;
  uint64_t sketch_count = 0;
  key::Expiries expiries{};
};

// Level 0 newest first, the others by key, as they are given.
class HandMadeTree {
 public:
  HandMadeTree(std::initializer_list<HandMadeTable> tables) : HandMadeTree(std::vector(tables)) {}
  explicit HandMadeTree(const std::vector<HandMadeTable>& tables) {
    for (const HandMadeTable& table : tables) {
      sstable::TableInfo& info = infos_.emplace_back();
      info.smallest = table.smallest;
      info.largest = table.largest;
      info.file_bytes = table.mib * kMiB;
      info.entries = table.sketch_count > 0 ? table.sketch_count : 1000;
      info.deletes = table.deletes;
      info.oldest_delete_time_s = table.oldest_delete_time_s;
      info.expiries = table.expiries;
      info.largest_sequence = key::SequenceNumber{table.number};
      const filter::KeySketch* sketch = nullptr;
      if (table.sketch_count > 0) {
        filter::KeySketch& filled = sketches_.emplace_back();
        const uint64_t end = table.sketch_first + table.sketch_count;
        for (uint64_t key = table.sketch_first; key < end; ++key) filled.Add(key);
        sketch = &filled;
      }
      shape_.levels[table.level].push_back({key::FileNumber{table.number}, &info, sketch, table.busy});
    }
  }
  HandMadeTree(const HandMadeTree&) = delete;

  [[nodiscard]] const TreeShape& shape() const { return shape_; }

 private:
  std::deque<sstable::TableInfo> infos_;
  std::deque<filter::KeySketch> sketches_;
  TreeShape shape_;
};

}  // namespace amethyst::compaction
