#include "cli/words.h"

#include <gtest/gtest.h>

namespace amethyst::cli {
namespace {

std::vector<std::string> Texts(std::string_view line) {
  const auto words = SplitWords(line);
  EXPECT_TRUE(words) << words.error();
  std::vector<std::string> texts;
  for (const Word& word : words.value_or(std::vector<Word>{})) texts.push_back(word.text);
  return texts;
}
using Strings = std::vector<std::string>;

TEST(Words, StandBetweenBlanks) {
  EXPECT_EQ(Texts("  put\ta  b \r"), (Strings{"put", "a", "b"}));
  EXPECT_EQ(Texts(""), Strings{});
}

TEST(Words, PiecesThatTouchAreOne) { EXPECT_EQ(Texts(R"(a"b c"'d e'\ f)"), (Strings{"ab cd e f"})); }

TEST(Words, DoubleQuotesUnderstandEscapes) {
  EXPECT_EQ(Texts(R"("\n\t\r\\\"\x41\xfF\0")"), (Strings{std::string("\n\t\r\\\"A\xff\0", 8)}));
}

TEST(Words, SingleQuotesTakeEverythingAsItIs) { EXPECT_EQ(Texts(R"('\n"x')"), (Strings{R"(\n"x)"})); }

TEST(Words, EmptyQuotesAreAWord) { EXPECT_EQ(Texts(R"(put "" '')"), (Strings{"put", "", ""})); }

TEST(Words, ALineThatBeginsWithAHashIsAComment) {
  EXPECT_EQ(Texts("  # put a b"), Strings{});
  EXPECT_EQ(Texts("put #a b#"), (Strings{"put", "#a", "b#"}));
}

TEST(Words, QuotedOnesAreMarked) {
  const auto words = SplitWords(R"(--a "--b" \--c)");
  ASSERT_TRUE(words);
  EXPECT_FALSE((*words)[0].quoted);
  EXPECT_TRUE((*words)[1].quoted);
  EXPECT_TRUE((*words)[2].quoted);
}

TEST(Words, WhatIsWrongIsToldWithItsPlace) {
  EXPECT_EQ(SplitWords("put \"a").error(), "the \" at column 5 is not closed");
  EXPECT_EQ(SplitWords("put 'a").error(), "the ' at column 5 is not closed");
  EXPECT_EQ(SplitWords("a\\").error(), "a backslash at the end of the line escapes nothing");
  EXPECT_EQ(SplitWords(R"("\q")").error(), R"(column 2: "\q" is no escape; there are \n \r \t \0 \\ \" and \xNN)");
  EXPECT_EQ(SplitWords(R"("\x4")").error(), "column 2: \\x takes two hexadecimal digits");
  EXPECT_EQ(SplitWords("\"\\").error(), "the line ends in the middle of an escape");
}

}  // namespace
}  // namespace amethyst::cli
