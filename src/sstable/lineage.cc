#include "sstable/lineage.h"

#include <algorithm>

#include "base/coding.h"

namespace amethyst::sstable {

bool NumberSet::Contains(key::FileNumber number) const {
  const auto found = std::ranges::lower_bound(intervals_, key::Raw(number), {}, &Interval::last);
  return found != intervals_.end() && found->first <= key::Raw(number);
}

void NumberSet::AddInterval(Interval interval) {
  // Those that touch it become one with it.
  const auto begin =
      std::ranges::lower_bound(intervals_, interval.first, {}, [](const Interval& other) { return other.last + 1; });
  auto end = begin;
  for (; end != intervals_.end() && end->first <= interval.last + 1; ++end) {
    interval = {std::min(interval.first, end->first), std::max(interval.last, end->last)};
  }
  intervals_.insert(intervals_.erase(begin, end), interval);
  if (intervals_.size() > kIntervalsMax) intervals_.erase(intervals_.begin());
}

void NumberSet::AppendTo(std::string* to) const {
  uint64_t next = 0;
  for (const Interval& interval : intervals_) {
    base::AppendVarint(to, interval.first - next);
    base::AppendVarint(to, interval.last - interval.first);
    next = interval.last + 1;
  }
}

bool NumberSet::FromBytes(std::string_view bytes, NumberSet* set) {
  constexpr uint64_t kNumberMax = uint64_t{1} << 56;
  *set = {};
  for (uint64_t next = 0; !bytes.empty();) {
    uint64_t gap = 0, length = 0;
    if (!base::ReadVarint64(&bytes, &gap) || !base::ReadVarint64(&bytes, &length) || gap > kNumberMax ||
        length > kNumberMax || next + gap + length > kNumberMax || set->intervals_.size() == kIntervalsMax) {
      return false;
    }
    set->intervals_.push_back({next + gap, next + gap + length});
    next += gap + length + 1;
  }
  return true;
}

}  // namespace amethyst::sstable
