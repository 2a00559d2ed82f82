#include "key/cover_row.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::key {

void CoverRow::Start(size_t count) {
  entries_.clear();
  least_.clear();
  entries_.reserve(count);
  least_.reserve(count / kStretch + 1);
}

void CoverRow::Add(SequenceNumber number, bool touches_next) {
  if (entries_.size() % kStretch == 0) least_.push_back(number);
  constexpr uint64_t kNumberBits = (uint64_t{1} << 63) - 1;
  entries_.push_back({.number = Raw(number) & kNumberBits, .touches_next = touches_next});
  least_.back() = touches_next ? std::min(least_.back(), number) : SequenceNumber{};
}

CoverRow::Reach CoverRow::Forward(size_t first, SequenceNumber at_least) const {
  AMETHYST_DCHECK(at_least > SequenceNumber{} && entries_[first].number >= Raw(at_least));
  uint64_t least = entries_[first].number;
  size_t last = first;
  while (entries_[last].touches_next) {
    const size_t next = last + 1;
    if (next % kStretch == 0 && least_[next / kStretch] >= at_least) {  // It goes on behind the stretch.
      least = std::min(least, Raw(least_[next / kStretch]));
      last = next + kStretch - 1;
      continue;
    }
    if (entries_[next].number < Raw(at_least)) break;
    least = std::min<uint64_t>(least, entries_[next].number);
    last = next;
  }
  return {.last = last, .least = SequenceNumber{least}};
}

CoverRow::Reach CoverRow::Back(size_t first, SequenceNumber at_least) const {
  AMETHYST_DCHECK(at_least > SequenceNumber{} && entries_[first].number >= Raw(at_least));
  uint64_t least = entries_[first].number;
  size_t last = first;
  while (last > 0 && entries_[last - 1].touches_next) {
    if (last % kStretch == 0 && least_[last / kStretch - 1] >= at_least) {
      least = std::min(least, Raw(least_[last / kStretch - 1]));
      last -= kStretch;
      continue;
    }
    if (entries_[last - 1].number < Raw(at_least)) break;
    least = std::min<uint64_t>(least, entries_[last - 1].number);
    --last;
  }
  return {.last = last, .least = SequenceNumber{least}};
}

}  // namespace amethyst::key
