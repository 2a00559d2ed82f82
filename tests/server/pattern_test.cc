// Covers: pattern
#include "server/commands/pattern.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace amethyst::server {
namespace {

// The obvious way, which takes exponential time: of *, ? and letters.
bool MatchesSlowly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return MatchesSlowly(pattern.substr(1), text) || (!text.empty() && MatchesSlowly(pattern, text.substr(1)));
  }
  if (text.empty()) return false;
  if (pattern[0] == '?') return MatchesSlowly(pattern.substr(1), text.substr(1));
  if (pattern[0] == '[') {
    const size_t close = pattern.find(']');
    const bool is_negated = pattern[1] == '^';
    const bool is_in = pattern.substr(1, close - 1).find(text[0]) != std::string_view::npos;
    return is_in != is_negated && MatchesSlowly(pattern.substr(close + 1), text.substr(1));
  }
  return pattern[0] == text[0] && MatchesSlowly(pattern.substr(1), text.substr(1));
}

TEST(Pattern, AgreesWithTheObviousWay) {
  base::Random random(11);
  constexpr std::string_view kElements[] = {"*", "?", "a", "b", "c", "[ab]", "[^a]"};
  int matches = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string pattern;
    std::string text;
    for (uint64_t i = random.Below(7); i > 0; --i) pattern += kElements[random.Below(std::size(kElements))];
    for (uint64_t i = random.Below(8); i > 0; --i) text += static_cast<char>('a' + random.Below(3));
    const bool expected = MatchesSlowly(pattern, text);
    ASSERT_EQ(Matches(pattern, text), expected) << pattern << " of " << text;
    matches += expected ? 1 : 0;
  }
  EXPECT_GT(matches, 2'000);
}

TEST(Pattern, KnowsClassesAndEscapes) {
  EXPECT_TRUE(Matches("h[a-e]llo", "hello"));
  EXPECT_TRUE(Matches("h[e-a]llo", "hello"));
  EXPECT_FALSE(Matches("h[^e]llo", "hello"));
  EXPECT_TRUE(Matches("h\\*llo", "h*llo"));
  EXPECT_FALSE(Matches("h\\*llo", "hello"));
  EXPECT_TRUE(Matches("a[\\]]b", "a]b"));
  EXPECT_TRUE(Matches("a\\", "a\\"));
  EXPECT_TRUE(Matches("a[bc", "ac")) << "a class that is not closed ends with the pattern";
  EXPECT_TRUE(Matches("", ""));
  EXPECT_FALSE(Matches("", "a"));
  EXPECT_TRUE(Matches("***", ""));
}

TEST(Pattern, IgnoresCaseWhereAsked) {
  EXPECT_FALSE(Matches("HE?lo", "hello"));
  EXPECT_TRUE(Matches("HE?lo", "hello", true));
  EXPECT_TRUE(Matches("[A-C]x", "bX", true));
}

TEST(Pattern, TakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(Matches(pattern + "b", std::string(5'000, 'a')));
}

}  // namespace
}  // namespace amethyst::server
