// Where the living entries of sorted sets begin and end in family `order`, as far as it is known.
//
// A queue that is popped at one end leaves tombstones there, and a walk from that end would step over them at each pop.
// A command that takes the first entries notes it here, and later walks begin behind them. What is known is lost with
// the process, or where there is too much of it: then one walk steps over the tombstones again. Thread safety: one
// thread, the server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace amethyst::server {

enum class OrderEnd : uint8_t { kLow, kHigh };

// What a command has done to the entries of a set.
struct OrderChange {
  uint64_t id;
  std::optional<OrderEnd> narrowed;  // None: the key was put.
  std::string key;
};

class OrderBounds {
 public:
  struct Bounds {
    std::string low{};   // Nothing that lives is below it.
    std::string high{};  // Nothing that lives is at it or above it. Empty: it is not known.
  };
  // nullptr: nothing is known of the set.
  [[nodiscard]] const Bounds* Find(uint64_t id) const;
  // Nothing lives beyond the key at that end; the key itself is gone, too.
  void Narrow(uint64_t id, OrderEnd end, std::string_view order_key);
  // The set has that key.
  void Widen(uint64_t id, std::string_view order_key);
  void Apply(const OrderChange& change);
  // Bounds may be narrower now: what these have put lies within them all the same.
  void WidenAgain(const std::vector<OrderChange>& changes);

 private:
  static constexpr size_t kSetsMax = 4096;

  std::unordered_map<uint64_t, Bounds> bounds_;
};

}  // namespace amethyst::server
