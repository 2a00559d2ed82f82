// The heads (key/head.h) of sorted, disjoint ranges: where a key lies among them, mostly without a look at the ranges.
//
// A range takes two words here and some 60 bytes elsewhere, and what a search needs of it lies side by side: a search
// touches a few cache lines of one page, and not one or two lines a step. All heads skip what the begins have in
// common; a key that does not have it lies before or behind all begins. What heads leave open is said to be open: the
// caller compares keys. Bytewise order only. Thread safety: immutable once all ranges are in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "key/head.h"
#include "key/order.h"
#include "key/range.h"

namespace amethyst::key {

class RangeHeads {
 public:
  static constexpr Head kHeadMax = std::numeric_limits<Head>::max();

  // A key, as it is looked for.
  struct Target {
    int side;   // -1: it lies before all begins that are not open; 1: behind all begins.
    Head head;  // If it is on neither side.
  };
  // Which ranges begin before a target: the first `below`. Those from there to `ties_end` may, the rest do not.
  struct Begins {
    uint32_t below;
    uint32_t ties_end;
  };
  // Keys that lie in no range: those on that side, or the targets between two heads. As it comes it holds none.
  struct Gap {
    int side = 0;
    Head above = kHeadMax;
    Head below = 0;
  };

  // `first`, `last`: the least and the greatest begin that is not open. Borrows `first`.
  void Start(std::string_view first, std::string_view last, size_t count);
  // The next one. Only the first may have an open begin.
  void Add(const Range& range);

  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] Target TargetOf(std::string_view key) const {
    if (!HasPrefix(key, prefix_)) return {.side = CompareBytes(key, prefix_) < 0 ? -1 : 1, .head = 0};
    return {.side = 0, .head = HeadOf(key, prefix_.size())};
  }
  // Of a target on neither side.
  [[nodiscard]] Begins Find(Head target) const;
  // -1: the range ends before the target; 1: behind it; 0: only the keys can tell.
  [[nodiscard]] int CompareEnd(size_t range, Head target) const {
    return ranges_[range].end < target ? -1 : ranges_[range].end > target ? 1 : 0;
  }

  // Whether the gap is known to hold the key.
  [[nodiscard]] bool Holds(const Gap& gap, std::string_view key) const {
    const Target target = TargetOf(key);
    return target.side == gap.side && (target.side != 0 || (gap.above < target.head && target.head < gap.below));
  }
  // The gap that is known to hold the key. False: it lies in a range, or only the keys can tell.
  [[nodiscard]] bool FindGap(std::string_view key, Gap* gap) const;

 private:
  static constexpr uint32_t kStep = 16;  // Four cache lines of ranges.

  struct Heads {
    Head begin;  // 0: or open.
    Head end;
  };

  [[nodiscard]] uint32_t CountBeginsBelow(Head target) const;

  std::string_view prefix_;  // Of all begins that are not open.
  bool first_is_open_ = false;
  std::vector<Head> steps_;  // The begin of every kStep-th range.
  std::vector<Heads> ranges_;
};

}  // namespace amethyst::key
