#include "memtable/region.h"

#include <algorithm>

#include "base/pages.h"

namespace amethyst::memtable {
namespace {

constexpr size_t kSmallStepBytes = size_t{64} << 10;
constexpr size_t kSmallBytesMax = size_t{1} << 20;

}  // namespace

size_t Region::Step() {
  if (!is_huge_ && touched_bytes() >= kSmallBytesMax) {
    is_huge_ = true;
    memory_.UseHugePages();
  }
  return is_huge_ ? base::kHugePageBytes : kSmallStepBytes;
}

size_t Region::ExtendLow(size_t end) {
  const size_t before = touched_bytes();
  // The two parts may come to touch each other, and then be one.
  low_end_ = std::min(base::RoundUp(end, Step()), high_begin_);
  return touched_bytes() - before;
}

size_t Region::ExtendHigh(size_t begin) {
  const size_t before = touched_bytes();
  high_begin_ = std::max(begin - begin % Step(), low_end_);
  return touched_bytes() - before;
}

}  // namespace amethyst::memtable
