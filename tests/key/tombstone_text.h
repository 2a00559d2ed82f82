// Range tombstones as text, and their numbers, for tests. Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "key/range_tombstones.h"

namespace amethyst::key {

using Sequences = std::vector<SequenceNumber>;

inline constexpr SequenceNumber kNone{};
inline constexpr uint64_t kSequences = 40;

inline SequenceNumber S(uint64_t sequence) { return SequenceNumber{sequence}; }
inline Range From(std::optional<std::string_view> begin, std::optional<std::string_view> end) {
  return {.begin = begin, .end = end};
}
inline std::string Described(const Range& range) {
  return std::string(range.begin.value_or("(open)")) + ".." + std::string(range.end.value_or("(open)"));
}
// "begin..end:newest,older" of each fragment.
inline std::string Described(const RangeTombstones& tombstones) {
  std::string text;
  for (const RangeTombstones::Fragment& fragment : tombstones.fragments()) {
    text += (text.empty() ? "" : " ") + Described(fragment.range);
    char separator = ':';
    for (const SequenceNumber sequence : tombstones.SequencesOf(fragment)) {
      text += separator + std::to_string(Raw(sequence));
      separator = ',';
    }
  }
  return text;
}

}  // namespace amethyst::key
