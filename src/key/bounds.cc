#include "key/bounds.h"

#include <algorithm>

#include "base/assert.h"
#include "key/range.h"

namespace amethyst::key {
namespace {

bool IsShortened(std::string_view key, const Order& order) { return key.size() > kBoundBytes && order.IsBytewise(); }

// The least key above all that begin as `key` does, up to `kept` bytes or, where those are all 0xff, some more. The key
// itself if all of its bytes are.
std::string CountedUp(std::string_view key, size_t kept) {
  while (kept < key.size() && key[kept] == '\xff') ++kept;
  if (kept >= key.size()) return std::string(key);
  std::string bound(key.substr(0, kept + 1));
  bound.back() = static_cast<char>(bound.back() + 1);
  return bound;
}

}  // namespace

std::string SmallestBound(std::string_view smallest, const BoundLimits& limits, const Order& order) {
  if (!IsShortened(smallest, order)) return std::string(smallest);
  const std::string_view prefix = smallest.substr(0, kBoundBytes);
  if (!limits.begin) return std::string(prefix);
  AMETHYST_DCHECK(!order.Less(smallest, *limits.begin));
  return std::string(std::max<std::string_view>(prefix, *limits.begin));
}

std::string LargestBound(std::string_view largest, const BoundLimits& limits, const Order& order) {
  if (!IsShortened(largest, order)) return std::string(largest);
  std::string bound = EndOfPrefix(largest.substr(0, kBoundBytes)).value_or(std::string(largest));
  if (limits.end && !order.Less(bound, *limits.end)) {
    AMETHYST_DCHECK(order.Less(largest, *limits.end));
    // Behind the first byte in which they differ any greater key is still below the limit.
    bound = CountedUp(largest, CommonPrefix(largest, *limits.end) + 1);
  }
  if (limits.last && order.Less(*limits.last, bound)) bound = *limits.last;
  AMETHYST_DCHECK(!order.Less(bound, largest));
  return bound;
}

std::string BoundBetween(std::string_view before, std::string_view after, const Order& order) {
  AMETHYST_DCHECK(order.Less(before, after));
  if (!IsShortened(after, order)) return std::string(after);
  return std::string(after.substr(0, std::max(kBoundBytes, CommonPrefix(before, after) + 1)));
}

}  // namespace amethyst::key
