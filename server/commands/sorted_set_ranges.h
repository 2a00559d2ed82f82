// Ranges of scores and of members as commands take them: "(1 5", "-inf +inf", "[a (c", "- +". Pure functions, except
// that they reply with an error. Thread safety: one thread, the server's loop.
#pragma once

#include <optional>
#include <string_view>

#include "server/commands/command.h"
#include "server/types/sorted_set.h"

namespace amethyst::server {

// The least and the greatest, as they are given.
struct RangeWords {
  std::string_view low;
  std::string_view high;
};

// nullopt: the error has been said.
[[nodiscard]] std::optional<SortedSet::Range> ReadScoreRange(Call& call, const RangeWords& words);

// A range of members among those of one score.
struct LexRange {
  enum class Kind : uint8_t { kEverything, kNothing, kIncluding, kExcluding };
  Kind low = Kind::kEverything;
  Kind high = Kind::kEverything;
  std::string_view low_member;
  std::string_view high_member;
};
[[nodiscard]] std::optional<LexRange> ReadLexRange(Call& call, const RangeWords& words);
// The score is that of the set's first member: Redis leaves open what comes where they differ.
[[nodiscard]] SortedSet::Range RangeOf(const LexRange& range, const SortedSet& set);

}  // namespace amethyst::server
