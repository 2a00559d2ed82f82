// The memory of one memtable, touched from both ends on; knows how much of it that is.
//
// The first MiB comes in small pages, so that a database of a few entries takes little; what follows in huge ones: the
// kernel clears those at once, and not in hundreds of faults. Thread safety: one thread at a time.
#pragma once

#include <cstddef>

#include "io/memory_region.h"

namespace amethyst::memtable {

class Region {
 public:
  explicit Region(size_t bytes) : memory_(bytes), high_begin_(bytes) {}

  [[nodiscard]] char* data() const { return memory_.data(); }
  [[nodiscard]] size_t size() const { return memory_.size(); }
  // Before the one and from the other on it may be touched.
  [[nodiscard]] size_t low_end() const { return low_end_; }
  [[nodiscard]] size_t high_begin() const { return high_begin_; }
  [[nodiscard]] size_t touched_bytes() const { return low_end_ + (size() - high_begin_); }
  // Moves them at least as far as that, and returns by how many bytes in all.
  [[nodiscard]] size_t ExtendLow(size_t end);
  [[nodiscard]] size_t ExtendHigh(size_t begin);

 private:
  // By what it is extended now.
  [[nodiscard]] size_t Step();

  io::MemoryRegion memory_;
  size_t low_end_ = 0;
  size_t high_begin_;
  bool is_huge_ = false;
};

}  // namespace amethyst::memtable
