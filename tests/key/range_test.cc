// Ranges of keys with open sides, and their bounds on disk.
#include "key/range.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/backwards.h"

namespace amethyst::key {
namespace {

std::string Encoded(const Range& range) {
  std::string bytes;
  AppendRange(&bytes, range);
  return bytes;
}

TEST(Range, HoldsItsBeginAndNotItsEnd) {
  const Range range{.begin = "b", .end = "d"};
  for (const std::string_view key : {"b", "b\x01", "c", "c\xff"}) EXPECT_TRUE(range.Holds(key, Order())) << key;
  for (const std::string_view key : {"", "a\xff", "d", "e"}) EXPECT_FALSE(range.Holds(key, Order())) << key;
  EXPECT_TRUE((Range{.begin = {}, .end = "d"}).Holds("", Order()));
  EXPECT_TRUE((Range{.begin = "b", .end = {}}).Holds("\xff\xff\xff", Order()));
  EXPECT_TRUE(Range().Holds("", Order()));
  EXPECT_FALSE((Range{.begin = "", .end = ""}).Holds("", Order()));
}

TEST(Range, FollowsTheOrderThatItIsGiven) {
  const support::Backwards backwards;
  const Order order(&backwards);
  const Range range{.begin = "xa", .end = "ac"};
  EXPECT_TRUE(range.Holds("zb", order));
  EXPECT_FALSE(range.Holds("zc", order));
  EXPECT_FALSE(range.Holds("zb", Order()));
}

TEST(Range, IsNarrowedToWhatBothHold) {
  Range range{.begin = "b", .end = {}};
  range.Narrow({.begin = "a", .end = "m"}, Order());
  EXPECT_EQ(range.begin, "b");
  EXPECT_EQ(range.end, "m");
  range.Narrow({.begin = "c", .end = "z"}, Order());
  EXPECT_EQ(range.begin, "c");
  EXPECT_EQ(range.end, "m");
  range.Narrow({}, Order());
  EXPECT_EQ(range.begin, "c");
  EXPECT_EQ(range.end, "m");
}

TEST(Range, HasBoundsThatSort) {
  const Bound first = Bound::BeginOf({});
  const Bound last = Bound::EndOf({});
  const Bound empty = Bound::BeginOf({.begin = "", .end = {}});
  const Bound high = Bound::EndOf({.begin = {}, .end = "\xff"});
  const std::vector<Bound> ascending = {first, empty, high, last};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      const int compared = Compare(ascending[i], ascending[j], Order());
      EXPECT_EQ(compared < 0, i < j);
      EXPECT_EQ(compared == 0, i == j);
    }
  }
  EXPECT_EQ(first.AsKey(), std::nullopt);
  EXPECT_EQ(last.AsKey(), std::nullopt);
  EXPECT_EQ(empty.AsKey(), "");
  EXPECT_EQ(high.AsKey(), "\xff");
}

TEST(Range, OfAPrefixEndsBehindItsLastKey) {
  EXPECT_EQ(EndOfPrefix("user/"), "user0");
  EXPECT_EQ(EndOfPrefix("a\xff"), "b");
  EXPECT_EQ(EndOfPrefix("a\xff\xff"), "b");
  EXPECT_EQ(EndOfPrefix("a\xfe"), "a\xff");
  EXPECT_EQ(EndOfPrefix("\x7f"), "\x80");
  EXPECT_EQ(EndOfPrefix(std::string_view("\0", 1)), "\x01");
  EXPECT_EQ(EndOfPrefix("\xff"), std::nullopt);
  EXPECT_EQ(EndOfPrefix("\xff\xff\xff"), std::nullopt);
  EXPECT_EQ(EndOfPrefix(""), std::nullopt);
}

TEST(Range, ComesBackFromItsBytes) {
  const std::string lengthy(70'000, 'k');
  const std::vector<std::optional<std::string_view>> bounds = {std::nullopt, "", "key", std::string_view("\0", 1),
                                                               lengthy};
  for (const auto& begin : bounds) {
    for (const auto& end : bounds) {
      const std::string bytes = Encoded({.begin = begin, .end = end}) + "rest";
      std::string_view from = bytes;
      Range range{.begin = "left", .end = "over"};
      ASSERT_TRUE(ReadRange(&from, &range));
      EXPECT_TRUE(range.begin == begin && range.end == end);
      EXPECT_EQ(from, "rest");
    }
  }
  EXPECT_EQ(Encoded({}), std::string(2, '\0'));
  EXPECT_EQ(Encoded({.begin = "", .end = "ab"}),
            "\x01\x03"
            "ab");
}

TEST(Range, IsRefusedWhereItsBytesEndEarly) {
  const std::string whole = Encoded({.begin = std::string(200, 'b'), .end = "end"});
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::string exact(whole, 0, length);  // Its own allocation, so that a sanitizer sees a step too far.
    std::string_view from = exact;
    Range range;
    EXPECT_FALSE(ReadRange(&from, &range)) << length;
  }
  const std::string huge =
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
      "rest";  // The greatest length that there is.
  std::string_view from = huge;
  Range range;
  EXPECT_FALSE(ReadRange(&from, &range));
}

}  // namespace
}  // namespace amethyst::key
