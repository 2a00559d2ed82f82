// Where a rewrite ends one output table and begins the next: a pure decision, at user keys only.
//
// An output is cut when it has its size; when it would overlap too much of the level below it, which would make its own
// compaction dear; and, once it has half its size, where a table of that level ends, so that the tables of neighbouring
// levels come to share their bounds and a later compaction rewrites less that does not overlap (LevelDB's and RocksDB's
// rules). Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "key/order.h"

namespace amethyst::compaction {

class OutputCutter {
 public:
  // A table of the level below the outputs. Borrows the key.
  struct NextTable {
    std::string_view largest;
    uint64_t bytes = 0;
  };
  // `next_level`: by key; empty if the outputs go to the last level, or overlap is of no interest (a flush).
  OutputCutter(std::vector<NextTable> next_level, key::Order order, uint64_t table_bytes);

  // Whether a new output must begin before `key`, a user key greater than all before, given the bytes of the current
  // one (0: it has no entry yet). If so the caller begins it.
  [[nodiscard]] bool CutsBefore(std::string_view key, uint64_t output_bytes);
  // Up to this key, inclusive, only the size of the output can cut; data() == nullptr: for all keys.
  [[nodiscard]] std::string_view NextBoundary() const {
    return position_ < next_level_.size() ? next_level_[position_].largest : std::string_view();
  }

 private:
  const std::vector<NextTable> next_level_;
  const key::Order order_;
  const uint64_t table_bytes_;
  size_t position_ = 0;            // The first table of the next level that does not end before the last key.
  uint64_t overlapped_bytes_ = 0;  // Of the tables that ended within the current output.
};

}  // namespace amethyst::compaction
