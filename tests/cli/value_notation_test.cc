#include "cli/value_notation.h"

#include <gtest/gtest.h>

namespace amethyst::cli {
namespace {

using std::string_literals::operator""s;

TEST(ValueNotation, NumbersAreEightBytesLittleEndian) {
  EXPECT_EQ(ParseValue(ValueNotation::kInt64, "1"), "\1\0\0\0\0\0\0\0"s);
  EXPECT_EQ(ParseValue(ValueNotation::kInt64, "-2"), "\xfe\xff\xff\xff\xff\xff\xff\xff"s);
  EXPECT_EQ(ParseValue(ValueNotation::kUint64, "18446744073709551615"), std::string(8, '\xff'));
  EXPECT_EQ(ParseValue(ValueNotation::kPlain, "-2"), "-2");
}

TEST(ValueNotation, WhatIsNoNumberOfItsTypeIsRefused) {
  for (const std::string text : {"", "x", "1x", " 1", "1.5", "0x1", "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_FALSE(ParseValue(ValueNotation::kInt64, text)) << text;
  }
  for (const std::string text : {"", "-1", "18446744073709551616"}) {
    EXPECT_FALSE(ParseValue(ValueNotation::kUint64, text)) << text;
  }
}

TEST(ValueNotation, OnlyEightBytesArePrintedAsANumber) {
  for (const std::string number : {"0", "-1", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_EQ(NumberText(ValueNotation::kInt64, *ParseValue(ValueNotation::kInt64, number)), number);
  }
  EXPECT_EQ(NumberText(ValueNotation::kUint64, std::string(8, '\xff')), "18446744073709551615");
  EXPECT_EQ(NumberText(ValueNotation::kInt64, "1234567"), std::nullopt);
  EXPECT_EQ(NumberText(ValueNotation::kInt64, ""), std::nullopt);
  EXPECT_EQ(NumberText(ValueNotation::kPlain, "12345678"), std::nullopt);
  EXPECT_EQ(JsonValueField(ValueNotation::kInt64, "\5\0\0\0\0\0\0\0"s), "\"value\":5");
  EXPECT_EQ(JsonValueField(ValueNotation::kInt64, "five"), "\"value\":\"five\"");
}

}  // namespace
}  // namespace amethyst::cli
