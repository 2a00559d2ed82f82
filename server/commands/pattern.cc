#include "server/commands/pattern.h"

#include <cstddef>
#include <utility>

namespace amethyst::server {

namespace {

char Folded(char c, bool ignore_case) {
  return ignore_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The class that begins behind `[` at `*at`, which moves behind its end. One that is not closed ends with the pattern.
bool MatchesClass(std::string_view pattern, size_t* at, char c, bool ignore_case) {
  const bool is_negated = *at < pattern.size() && pattern[*at] == '^';
  if (is_negated) ++*at;
  bool matches = false;
  const auto subject = static_cast<unsigned char>(Folded(c, ignore_case));
  while (*at < pattern.size() && pattern[*at] != ']') {
    if (pattern[*at] == '\\' && *at + 1 < pattern.size()) ++*at;
    auto low = static_cast<unsigned char>(Folded(pattern[*at], ignore_case));
    auto high = low;
    if (*at + 2 < pattern.size() && pattern[*at + 1] == '-') {
      high = static_cast<unsigned char>(Folded(pattern[*at + 2], ignore_case));
      *at += 2;
      if (low > high) std::swap(low, high);
    }
    matches |= low <= subject && subject <= high;
    ++*at;
  }
  if (*at < pattern.size()) ++*at;
  return matches != is_negated;
}

// One character against the pattern's element at `*at`, which is no star and moves behind it.
bool MatchesOne(std::string_view pattern, size_t* at, char c, bool ignore_case) {
  const char element = pattern[(*at)++];
  if (element == '?') return true;
  if (element == '[') return MatchesClass(pattern, at, c, ignore_case);
  const bool is_escape = element == '\\' && *at < pattern.size();
  return Folded(is_escape ? pattern[(*at)++] : element, ignore_case) == Folded(c, ignore_case);
}

}  // namespace

// Only the last star can need another try: an earlier one that took more would leave the later one less to choose from.
bool Matches(std::string_view pattern, std::string_view text, bool ignore_case) {
  size_t in_pattern = 0;
  size_t in_text = 0;
  size_t star = std::string_view::npos;
  size_t star_text = 0;
  while (in_text < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = ++in_pattern;
      star_text = in_text;
      continue;
    }
    if (in_pattern < pattern.size() && MatchesOne(pattern, &in_pattern, text[in_text], ignore_case)) {
      ++in_text;
      continue;
    }
    if (star == std::string_view::npos) return false;
    in_pattern = star;
    in_text = ++star_text;
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '*') ++in_pattern;
  return in_pattern == pattern.size();
}

}  // namespace amethyst::server
