#include "server/commands/sorted_set_ranges.h"

#include <string>

#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {

// Where a range of scores begins, or where it ends.
std::optional<SortedSet::Cut> ReadScoreCut(std::string_view word, bool is_high) {
  const bool excludes = word.starts_with('(');
  const std::string_view number = excludes ? word.substr(1) : word;
  const auto score = number.empty() ? 0 : ReadDouble(number);  // Redis reads nothing as 0.
  if (!score) return {};
  const bool behind = is_high != excludes;
  return SortedSet::Cut{.sortable = SortableDouble(*score) + (behind ? 1 : 0), .member = {}};
}

bool ReadLexEnd(std::string_view word, bool is_high, LexRange::Kind* kind, std::string_view* member) {
  if (word == "-" || word == "+") {
    *kind = (word == "+") == is_high ? LexRange::Kind::kEverything : LexRange::Kind::kNothing;
    return true;
  }
  if (!word.starts_with('[') && !word.starts_with('(')) return false;
  *kind = word.front() == '[' ? LexRange::Kind::kIncluding : LexRange::Kind::kExcluding;
  *member = word.substr(1);
  return true;
}

bool IsBelow(const LexRange& range, std::string_view member) {
  if (range.low == LexRange::Kind::kIncluding) return member < range.low_member;
  return range.low == LexRange::Kind::kExcluding && member <= range.low_member;
}
bool IsAbove(const LexRange& range, std::string_view member) {
  if (range.high == LexRange::Kind::kIncluding) return member > range.high_member;
  return range.high == LexRange::Kind::kExcluding && member >= range.high_member;
}

// Where scores differ Redis promises nothing; it takes what lies from the first member that is not below the range to
// the next one above it. So does this, with a walk.
SortedSet::Range RangeByWalk(const LexRange& range, const SortedSet& set) {
  const auto cut = [](const SortedSet::Walk& walk) {
    return SortedSet::Cut{.sortable = SortableDouble(walk.score()), .member = std::string(walk.member())};
  };
  SortedSet::Range cuts;
  SortedSet::Walk walk(set, SortedSet::Range{});
  while (walk.Valid() && IsBelow(range, walk.member())) walk.Next();
  cuts.low = walk.Valid() ? cut(walk) : cuts.high;
  while (walk.Valid() && !IsAbove(range, walk.member())) walk.Next();
  if (walk.Valid()) cuts.high = cut(walk);
  return cuts;
}

}  // namespace

std::optional<SortedSet::Range> ReadScoreRange(Call& call, const RangeWords& words) {
  auto low = ReadScoreCut(words.low, false);
  auto high = ReadScoreCut(words.high, true);
  if (low && high) return SortedSet::Range{.low = *low, .high = *high};
  call.reply.Error("ERR min or max is not a float");
  return {};
}

std::optional<LexRange> ReadLexRange(Call& call, const RangeWords& words) {
  LexRange range;
  if (ReadLexEnd(words.low, false, &range.low, &range.low_member) &&
      ReadLexEnd(words.high, true, &range.high, &range.high_member)) {
    return range;
  }
  call.reply.Error("ERR min or max not valid string range item");
  return {};
}

SortedSet::Range RangeOf(const LexRange& range, const SortedSet& set) {
  SortedSet::Range cuts;
  if (range.low == LexRange::Kind::kNothing || range.high == LexRange::Kind::kNothing || set.size() == 0) {
    cuts.high = cuts.low;
    return cuts;
  }
  SortedSet::Walk first(set, 0, 1);
  const uint64_t sortable = first.Valid() ? SortableDouble(first.score()) : 0;
  SortedSet::Walk last(set, 0, 1, true);
  if (last.Valid() && SortableDouble(last.score()) != sortable) return RangeByWalk(range, set);
  const std::string behind(1, '\0');
  if (range.low != LexRange::Kind::kEverything) {
    cuts.low = {.sortable = sortable, .member = std::string(range.low_member)};
    if (range.low == LexRange::Kind::kExcluding) cuts.low.member += behind;
  }
  if (range.high != LexRange::Kind::kEverything) {
    cuts.high = {.sortable = sortable, .member = std::string(range.high_member)};
    if (range.high == LexRange::Kind::kIncluding) cuts.high.member += behind;
  }
  return cuts;
}

}  // namespace amethyst::server
