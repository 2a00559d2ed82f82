#include "key/range_heads.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::key {

void RangeHeads::Start(std::string_view first, std::string_view last, size_t count) {
  prefix_ = first.substr(0, CommonPrefix(first, last));
  first_is_open_ = false;
  steps_.clear();
  ranges_.clear();
  steps_.reserve(count / kStep + 1);
  ranges_.reserve(count);
}

void RangeHeads::Add(const Range& range) {
  AMETHYST_DCHECK(range.begin || ranges_.empty());
  if (!range.begin) first_is_open_ = true;
  Heads heads{.begin = range.begin ? HeadOf(*range.begin, prefix_.size()) : 0, .end = kHeadMax};
  if (range.end) {
    // An end without the prefix lies behind all keys that have it, or before them, if the begin is open.
    const int side = CompareBytes(range.end->substr(0, prefix_.size()), prefix_);
    if (side <= 0) heads.end = side < 0 ? 0 : HeadOf(*range.end, prefix_.size());
  }
  if (ranges_.size() % kStep == 0) steps_.push_back(heads.begin);
  ranges_.push_back(heads);
}

uint32_t RangeHeads::CountBeginsBelow(Head target) const {
  const uint32_t steps = LowerBound(steps_.data(), static_cast<uint32_t>(steps_.size()), target);
  if (steps == 0) return 0;
  const uint32_t from = (steps - 1) * kStep;
  const uint32_t end = std::min(from + kStep, static_cast<uint32_t>(ranges_.size()));
  uint64_t below = from;
  for (uint32_t i = from; i < end; ++i) below += ranges_[i].begin < target;
  return static_cast<uint32_t>(below);
}

RangeHeads::Begins RangeHeads::Find(Head target) const {
  const auto count = static_cast<uint32_t>(ranges_.size());
  if (target > ranges_.back().begin) return {count, count};
  const uint32_t below = CountBeginsBelow(target);
  if (below == count || ranges_[below].begin != target) return {below, below};
  return {below, target == kHeadMax ? count : CountBeginsBelow(target + 1)};
}

bool RangeHeads::FindGap(std::string_view key, Gap* gap) const {
  if (empty()) return false;
  const Target target = TargetOf(key);
  if (target.side != 0) {
    const bool may_be_inside = target.side < 0 ? first_is_open_ : ranges_.back().end == kHeadMax;
    if (!may_be_inside) *gap = {.side = target.side};
    return !may_be_inside;
  }
  const Begins begins = Find(target.head);
  if (begins.below != begins.ties_end) return false;
  if (begins.below > 0 && CompareEnd(begins.below - 1, target.head) >= 0) return false;
  // A key that has the head of a bound is never taken to be inside.
  if (begins.below == 0 && target.head == 0) return false;
  *gap = {.side = 0,
          .above = begins.below > 0 ? ranges_[begins.below - 1].end : 0,
          .below = begins.below < ranges_.size() ? ranges_[begins.below].begin : kHeadMax};
  return Holds(*gap, key);
}

}  // namespace amethyst::key
