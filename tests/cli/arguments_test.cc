#include "cli/arguments.h"

#include <gtest/gtest.h>

#include <array>

namespace amethyst::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "--limit", .value = "N", .help = "", .number = true},
    {.name = "--prefix", .value = "P", .help = ""},
    {.name = "--reverse", .value = "", .help = ""},
};

std::expected<Arguments, std::string> Parse(std::string_view line, Arity arity = {0, 2}) {
  const auto words = SplitWords(line);
  return Arguments::Parse(*words, kOptions, arity);
}

TEST(Arguments, OptionsStandAnywhereInBothForms) {
  const auto arguments = Parse("a --limit 5 b --prefix=x=y --reverse");
  ASSERT_TRUE(arguments) << arguments.error();
  EXPECT_EQ(arguments->positional(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(arguments->Number("--limit"), 5u);
  EXPECT_EQ(arguments->Value("--prefix"), "x=y");
  EXPECT_TRUE(arguments->Has("--reverse"));
}

TEST(Arguments, QuotedWordsAndThoseBehindTwoDashesAreNoOptions) {
  EXPECT_EQ(Parse("\"--limit\"")->at(0), "--limit");
  EXPECT_EQ(Parse("-- --limit")->at(0), "--limit");
  EXPECT_EQ(Parse("-5 -")->at(0), "-5");
}

TEST(Arguments, WhatIsWrongIsTold) {
  EXPECT_EQ(Parse("--limti 5").error().substr(0, 47), "unknown option --limti, did you mean --limit? (");
  EXPECT_EQ(Parse("--limit").error(), "--limit wants a value: --limit N");
  EXPECT_EQ(Parse("--limit x").error(), "--limit wants a number, not x");
  EXPECT_EQ(Parse("--limit -1").error(), "--limit wants a number, not -1");
  EXPECT_EQ(Parse("--reverse=1").error(), "--reverse takes no value");
  EXPECT_EQ(Parse("a b c").error(), "3 arguments, but it takes 2");
  EXPECT_EQ(Parse("a", {0, 0}).error(), "1 arguments, but it takes none");
  EXPECT_EQ(Parse("a", {2, 2}).error(), "1 of 2 arguments are missing");
  EXPECT_EQ(Parse("", {2, 2}).error(), "arguments are missing");
}

TEST(Arguments, NumbersAreDigitsAlone) {
  EXPECT_EQ(ParseNumber("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ParseNumber("1_000_000"), 1000000u);
  for (const std::string_view bad : {"", "_1", "1_", "-1", "+1", "1e6", "0x10", "18446744073709551616", " 1", "1 "}) {
    EXPECT_EQ(ParseNumber(bad), std::nullopt) << bad;
  }
}

TEST(Arguments, SizesAreBytesOrHaveAUnit) {
  EXPECT_EQ(ParseSize("4096"), 4096u);
  EXPECT_EQ(ParseSize("64K"), 64u << 10);
  EXPECT_EQ(ParseSize("64M"), 64u << 20);
  EXPECT_EQ(ParseSize("2GiB"), uint64_t{2} << 30);
  EXPECT_EQ(ParseSize("1T"), uint64_t{1} << 40);
  for (const std::string_view bad : {"", "M", "iB", "4iB", "4X", "4MB", "-4M", "4.5M", "4 M", "20000000T"}) {
    EXPECT_EQ(ParseSize(bad), std::nullopt) << bad;
  }
}

TEST(Arguments, NearestForgivesSlips) {
  constexpr std::array<std::string_view, 4> kNames = {"scan", "count", "compact", "inspect"};
  EXPECT_EQ(Nearest("scna", kNames), "scan");
  EXPECT_EQ(Nearest("insp", kNames), "inspect");
  EXPECT_EQ(Nearest("cuont", kNames), "count");
  EXPECT_EQ(Nearest("zzzzzz", kNames), "");
  EXPECT_EQ(Nearest("", kNames), "");
  EXPECT_EQ(Nearest(std::string(100000, 'x'), kNames), "");
}

}  // namespace
}  // namespace amethyst::cli
