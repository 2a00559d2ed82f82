// The bounds of a table: keys that lie around all that it holds, and stay short where the keys are long.
//
// A key of up to kBoundBytes is a bound as it is. Of a longer one the beginning does: a prefix is no greater than the
// key, and a prefix whose last byte is counted up is greater. Neighbours at one level must share no key, so a bound
// keeps as much of a key as tells it from its neighbour. Only the bytewise order has such keys; under another order the
// bound is the key. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "key/order.h"

namespace amethyst::key {

// Longer keys are shortened. Most keys are shorter, and their bounds are exact.
inline constexpr size_t kBoundBytes = 256;

// What a table's bounds must stay within, for the neighbours' sake; nullopt: there is no such neighbour.
struct BoundLimits {
  std::optional<std::string> begin{};  // The smallest bound is not below it.
  std::optional<std::string> end{};    // The largest bound is below it,
  std::optional<std::string> last{};   // and not above this.
};

// No greater than `smallest`, which is within the limits.
[[nodiscard]] std::string SmallestBound(std::string_view smallest, const BoundLimits& limits, const Order& order);
// No less than `largest`, which is within the limits.
[[nodiscard]] std::string LargestBound(std::string_view largest, const BoundLimits& limits, const Order& order);
// Greater than `before` and no greater than `after`, which is greater than that: where one table ends and the next
// begins.
[[nodiscard]] std::string BoundBetween(std::string_view before, std::string_view after, const Order& order);

}  // namespace amethyst::key
