// Which tables a table was made of, and for which keys it stands in their place: what orders a leftover input behind
// the output that replaced it, where sequence numbers cannot (an output's oldest versions have sequence number 0).
//
// A compaction hands it to each of its outputs. The outputs of a job share `replaced`, and cut the keys of its inputs
// into neighbouring spans. Inputs pass on what they had replaced themselves, so that a leftover of several compactions
// ago is known too; of more than kIntervalsMax intervals of numbers the oldest are forgotten. A table that replaces
// nothing (a flush's) has an empty one. Thread safety: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "key/order.h"
#include "key/types.h"

namespace amethyst::sstable {

// File numbers, as ascending closed intervals with a gap between any two.
class NumberSet {
 public:
  static constexpr size_t kIntervalsMax = 128;
  struct Interval {
    uint64_t first = 0;
    uint64_t last = 0;
    friend bool operator==(const Interval&, const Interval&) = default;
  };

  void Add(key::FileNumber number) { AddInterval({key::Raw(number), key::Raw(number)}); }
  void AddAll(const NumberSet& other) {
    for (const Interval& interval : other.intervals_) AddInterval(interval);
  }
  [[nodiscard]] bool empty() const { return intervals_.empty(); }
  [[nodiscard]] bool Contains(key::FileNumber number) const;

  // Varints: of each interval what lies between the last one and it, and its length less one.
  void AppendTo(std::string* to) const;
  // False: malformed.
  [[nodiscard]] static bool FromBytes(std::string_view bytes, NumberSet* set);

  friend bool operator==(const NumberSet&, const NumberSet&) = default;

 private:
  void AddInterval(Interval interval);

  std::vector<Interval> intervals_;
};

struct Lineage {
  NumberSet replaced;
  std::string begin;  // The span is [begin, end).
  std::string end;

  // Whether the table stands, at `key`, in the place of table `number`.
  [[nodiscard]] bool Replaces(key::FileNumber number, std::string_view key) const {
    return key::CompareBytes(begin, key) <= 0 && key::CompareBytes(key, end) < 0 && replaced.Contains(number);
  }
  friend bool operator==(const Lineage&, const Lineage&) = default;
};

}  // namespace amethyst::sstable
