#include "base/readable.h"

#include <gtest/gtest.h>

namespace amethyst::base {
namespace {

TEST(Readable, TellsUtf8FromOtherBytes) {
  for (const std::string_view good :
       {"", "apple", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8d\x8e", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << Quoted(good);
  }
  for (const std::string_view bad : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                                     "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(bad)) << Quoted(bad);
  }
}

TEST(Readable, ControlCharactersAndDirectionMarksAreNotPrintable) {
  EXPECT_TRUE(IsPrintable("gr\xc3\xbcn 7%"));
  for (const std::string_view bad : {"a\nb", "\x1b[31m", "\x7f", "\xc2\x85", "\xe2\x80\xae", "\xe2\x81\xa6", "\xff"}) {
    EXPECT_FALSE(IsPrintable(bad)) << Quoted(bad);
  }
}

TEST(Readable, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(Readable("apple pie"), "apple pie");
  EXPECT_EQ(Readable(""), "\"\"");
  EXPECT_EQ(Readable("\"a"), R"("\"a")");
  EXPECT_EQ(Readable(std::string_view("\0\xff\n", 3)), R"("\x00\xff\n")");
  EXPECT_EQ(Readable("\xe2\x80\xae"), R"("\xe2\x80\xae")");
}

TEST(Readable, ShortenedCutsBetweenCharactersAndTellsTheSize) {
  EXPECT_EQ(Shortened("apple", 10), "apple");
  EXPECT_EQ(Shortened("abcd\xc3\xa4", 5), "abcd... (6 bytes)");
}

}  // namespace
}  // namespace amethyst::base
