// Covers: numbers, expiry
#include "server/commands/numbers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "server/commands/expiry.h"

namespace amethyst::server {
namespace {

TEST(Numbers, ReadsIntegersAsRedisStoresThem) {
  EXPECT_EQ(ReadInteger("0"), 0);
  EXPECT_EQ(ReadInteger("-1"), -1);
  EXPECT_EQ(ReadInteger("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(ReadInteger("-9223372036854775808"), INT64_MIN);
  for (const std::string_view wrong :
       {"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "1.0", "9223372036854775808", "a"}) {
    EXPECT_EQ(ReadInteger(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(ReadInteger(std::string_view("1\0", 2)), std::nullopt);
}

TEST(Numbers, ReadsCursorsAndDatabases) {
  EXPECT_EQ(ReadCursor("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ReadCursor("-1"), std::nullopt);
  EXPECT_EQ(ReadCursor("x"), std::nullopt);
  EXPECT_EQ(ReadDatabase("15"), 15U);
  EXPECT_EQ(ReadDatabase("16"), std::nullopt);
  EXPECT_EQ(ReadDatabase("-1"), std::nullopt);
  std::string_view error;
  EXPECT_EQ(ReadDatabase("3", &error), 3U);
  EXPECT_EQ(ReadDatabase("x", &error), std::nullopt);
  EXPECT_EQ(error, "ERR value is not an integer or out of range");
  EXPECT_EQ(ReadDatabase("2147483648", &error), std::nullopt);
  EXPECT_EQ(error, "ERR value is out of range, value must between -2147483648 and 2147483647");
}

TEST(Numbers, ReadsFloats) {
  EXPECT_EQ(ReadDouble("1.5e3"), 1500);
  EXPECT_EQ(ReadDouble("-.5"), -0.5);
  EXPECT_TRUE(std::isinf(*ReadDouble("inf")));
  EXPECT_TRUE(std::isinf(*ReadDouble("-Infinity")));
  for (const std::string_view wrong : {"", " 1", "1 ", "nan", "1e400", "1x", "--1"}) {
    EXPECT_EQ(ReadDouble(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(ReadDouble(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(ReadDouble(std::string(6'000, '1')), std::nullopt);
}

TEST(Numbers, ShowsSumsWithoutExponent) {
  EXPECT_EQ(FormatLongDouble(3.0L), "3");
  EXPECT_EQ(FormatLongDouble(10.5L), "10.5");
  EXPECT_EQ(FormatLongDouble(-0.0L), "0");
  EXPECT_EQ(FormatLongDouble(5e18L), "5000000000000000000");
}

TEST(Numbers, ReadsTimeouts) {
  std::string_view error;
  EXPECT_EQ(ReadTimeout("0", &error), 0U);
  EXPECT_EQ(ReadTimeout("0.5", &error), 500U);
  EXPECT_EQ(ReadTimeout("0.0001", &error), 1U) << "a little is not for ever";
  EXPECT_EQ(ReadTimeout("-1", &error), std::nullopt);
  EXPECT_EQ(error, "ERR timeout is negative");
  EXPECT_EQ(ReadTimeout("x", &error), std::nullopt);
  EXPECT_EQ(error, "ERR timeout is not a float or out of range");
  EXPECT_EQ(ReadTimeout("1e300", &error), std::nullopt);
  EXPECT_EQ(error, "ERR timeout is out of range");
}

TEST(Numbers, ComparesInLowerCase) {
  EXPECT_TRUE(EqualsIgnoringCase("GeT", "get"));
  EXPECT_FALSE(EqualsIgnoringCase("gets", "get"));
  int64_t sum = 0;
  EXPECT_FALSE(AddOverflows(1, 2, &sum));
  EXPECT_EQ(sum, 3);
  EXPECT_TRUE(AddOverflows(INT64_MAX, 1, &sum));
}

TEST(Expiry, IsAMomentInRange) {
  EXPECT_EQ(MomentOf(10, {.is_seconds = true}, 1'000), 11'000U);
  EXPECT_EQ(MomentOf(10, {.is_absolute = true}, 1'000), 10U);
  EXPECT_EQ(MomentOf(-10, {}, 1'000), 990U);
  EXPECT_EQ(MomentOf(-10, {.is_seconds = true}, 1'000), 0U);
  EXPECT_EQ(MomentOf(INT64_MAX, {.is_seconds = true}, 1'000), std::nullopt);
  EXPECT_EQ(MomentOf(INT64_MAX, {}, 1'000), std::nullopt);
}

}  // namespace
}  // namespace amethyst::server
