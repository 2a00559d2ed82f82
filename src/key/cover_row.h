// A row of numbers, one of each of some sorted ranges, and whether each range touches the next: how far from one of
// them on, either way, ranges touch and have at least a given number.
//
// Stretches of 32 are known by their least number, so that a thousand neighbours take some dozens of steps. Thread
// safety: immutable once all numbers are in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "key/types.h"

namespace amethyst::key {

class CoverRow {
 public:
  struct Reach {
    size_t last;           // The last range on the way.
    SequenceNumber least;  // Of the numbers on the way.
  };

  void Start(size_t count);
  void Add(SequenceNumber number, bool touches_next);

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  // From range `first` on, which has at least that number itself.
  [[nodiscard]] Reach Forward(size_t first, SequenceNumber at_least) const;
  [[nodiscard]] Reach Back(size_t first, SequenceNumber at_least) const;

 private:
  static constexpr size_t kStretch = 32;

  struct Entry {
    uint64_t number : 63;
    uint64_t touches_next : 1;
  };

  std::vector<Entry> entries_;
  // Of each kStretch of them: the least number; 0: one of them does not touch the next.
  std::vector<SequenceNumber> least_;
};

}  // namespace amethyst::key
