// A range of keys of one family: from `begin` to the key before `end`, either side of which may be open.
//
// An open side needs no key that is below (above) all others, which a custom order does not tell. On disk a bound is a
// varint, its length and one, and its bytes; 0 is an open side. Thread safety: pure functions, plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/coding.h"
#include "key/order.h"

namespace amethyst::key {

struct Range {
  std::optional<std::string_view> begin{};  // nullopt: the family's first key.
  std::optional<std::string_view> end{};    // nullopt: behind the family's last key.

  [[nodiscard]] bool BeginsAfter(std::string_view key, const Order& order) const {
    return begin && order.Less(key, *begin);
  }
  [[nodiscard]] bool EndsAtOrBefore(std::string_view key, const Order& order) const {
    return end && !order.Less(key, *end);
  }
  [[nodiscard]] bool Holds(std::string_view key, const Order& order) const {
    return !BeginsAfter(key, order) && !EndsAtOrBefore(key, order);
  }

  // Leaves out what is not in `other`.
  void Narrow(const Range& other, const Order& order) {
    if (other.begin && (!begin || order.Less(*begin, *other.begin))) begin = other.begin;
    if (other.end && (!end || order.Less(*other.end, *end))) end = other.end;
  }
};

// Where a range begins or ends, to be sorted.
struct Bound {
  int side = 0;  // -1: before all keys; 0: right before `key`; 1: behind all keys.
  std::string_view key{};

  [[nodiscard]] static Bound BeginOf(const Range& range) {
    return range.begin ? Bound{.side = 0, .key = *range.begin} : Bound{.side = -1};
  }
  [[nodiscard]] static Bound EndOf(const Range& range) {
    return range.end ? Bound{.side = 0, .key = *range.end} : Bound{.side = 1};
  }
  [[nodiscard]] std::optional<std::string_view> AsKey() const { return side == 0 ? std::optional(key) : std::nullopt; }
};
[[nodiscard]] inline int Compare(const Bound& a, const Bound& b, const Order& order) {
  return a.side != b.side || a.side != 0 ? a.side - b.side : order.Compare(a.key, b.key);
}

// The least key that is greater than all keys with the prefix, bytewise; nullopt: no key is.
[[nodiscard]] inline std::optional<std::string> EndOfPrefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(end.back() + 1);
  return end;
}

inline void AppendBound(std::string* to, std::optional<std::string_view> bound) {
  base::AppendVarint(to, bound ? bound->size() + 1 : 0);
  if (bound) to->append(*bound);
}
inline void AppendRange(std::string* to, const Range& range) {
  AppendBound(to, range.begin);
  AppendBound(to, range.end);
}

// False: `from` does not begin with one.
[[nodiscard]] inline bool ReadBound(std::string_view* from, std::optional<std::string_view>* bound) {
  uint64_t length_and_one = 0;
  if (!base::ReadVarint64(from, &length_and_one) || length_and_one > uint64_t{from->size()} + 1) return false;
  bound->reset();
  if (length_and_one == 0) return true;
  *bound = from->substr(0, length_and_one - 1);
  from->remove_prefix(length_and_one - 1);
  return true;
}
[[nodiscard]] inline bool ReadRange(std::string_view* from, Range* range) {
  return ReadBound(from, &range->begin) && ReadBound(from, &range->end);
}

}  // namespace amethyst::key
