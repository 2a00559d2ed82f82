#include "cli/moments.h"

#include <gmock/gmock.h>

namespace amethyst::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using testing::HasSubstr;

system_clock::time_point At(int64_t ms) { return system_clock::time_point(milliseconds(ms)); }

TEST(Durations, AreNumbersWithUnits) {
  EXPECT_EQ(ParseDuration("500ms"), milliseconds(500));
  EXPECT_EQ(ParseDuration("10s"), milliseconds(10'000));
  EXPECT_EQ(ParseDuration("5m"), milliseconds(300'000));
  EXPECT_EQ(ParseDuration("2h"), milliseconds(7'200'000));
  EXPECT_EQ(ParseDuration("7d"), milliseconds(604'800'000));
  EXPECT_EQ(ParseDuration("1h30m"), milliseconds(5'400'000));
  EXPECT_EQ(ParseDuration("1d2h3m4s5ms"), milliseconds(93'784'005));
  EXPECT_EQ(ParseDuration("007s"), milliseconds(7000));
}

TEST(Durations, WhatIsNoneIsRefused) {
  for (const std::string text : {"", "10", "s", "-5s", "+5s", "1.5s", "5 s", "5S", "5sec", "1m1h", "1m1m", "5y", "0x5s",
                                 "1h30", "5s ", " 5s", "five", "1_0s"}) {
    const auto duration = ParseDuration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_THAT(duration.error(), HasSubstr("is no duration")) << text;
  }
  for (const std::string text : {"0s", "0d0ms"}) {
    EXPECT_THAT(ParseDuration(text).error(), HasSubstr("a duration is over 0")) << text;
  }
}

TEST(Durations, NoneEndsAfterTheYear9999HoweverManyDigitsItHas) {
  EXPECT_TRUE(ParseDuration("2900000d"));
  for (const std::string text : {"2932897d", "253402300800s", "253402300800000ms", "18446744073709551615ms",
                                 "99999999999999999999999d", "2932896d86400s"}) {
    const auto duration = ParseDuration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_THAT(duration.error(), HasSubstr("after the year 9999")) << text;
  }
}

TEST(Durations, AreToldInTheirTwoLargestUnits) {
  EXPECT_EQ(DurationText(milliseconds(0)), "0s");
  EXPECT_EQ(DurationText(milliseconds(420)), "420ms");
  EXPECT_EQ(DurationText(milliseconds(9999)), "9s");
  EXPECT_EQ(DurationText(milliseconds(60'000)), "1m");
  EXPECT_EQ(DurationText(milliseconds(1'799'999)), "29m 59s");
  EXPECT_EQ(DurationText(milliseconds(90'061'000)), "1d 1h");
  EXPECT_EQ(DurationText(milliseconds(86'400'000 + 60'000)), "1d");
}

TEST(Moments, AreIso8601OrSecondsOrNever) {
  EXPECT_EQ(ParseMoment("1970-01-01"), At(0));
  EXPECT_EQ(ParseMoment("2026-11-28"), At(1'795'824'000'000));
  EXPECT_EQ(ParseMoment("2026-11-28T18:30"), At(1'795'890'600'000));
  EXPECT_EQ(ParseMoment("2026-11-28 18:30:01"), At(1'795'890'601'000));
  EXPECT_EQ(ParseMoment("2026-11-28T18:30:00Z"), At(1'795'890'600'000));
  EXPECT_EQ(ParseMoment("2026-11-28T18:30:00.5Z"), At(1'795'890'600'500));
  EXPECT_EQ(ParseMoment("2026-11-28T18:30:00.123456Z"), At(1'795'890'600'123));
  EXPECT_EQ(ParseMoment("2026-11-28T19:30:00+01:00"), At(1'795'890'600'000));
  EXPECT_EQ(ParseMoment("2026-11-28T13:00-0530"), At(1'795'890'600'000));
  EXPECT_EQ(ParseMoment("2028-02-29"), At(1'835'395'200'000));
  EXPECT_EQ(ParseMoment("1795890600"), At(1'795'890'600'000));
  EXPECT_EQ(ParseMoment("0"), At(0));
  EXPECT_EQ(ParseMoment("0001-01-01"), At(0)) << "whatever is before 1970 is gone as well";
  EXPECT_EQ(ParseMoment("never"), kNever);
}

TEST(Moments, WhatIsNoneIsRefused) {
  for (const std::string text : {"",
                                 "-1",
                                 "+5",
                                 "1.5",
                                 "tomorrow",
                                 "2026-11",
                                 "2026-13-01",
                                 "2026-00-01",
                                 "2026-02-29",
                                 "2026-11-31",
                                 "2026-11-28T",
                                 "2026-11-28T24:00",
                                 "2026-11-28T18:60",
                                 "2026-11-28T18:30:60Z",
                                 "2026-11-28T18:30:00.Z",
                                 "2026-11-28T18:30:00Zx",
                                 "2026-11-28T18:30:00+1",
                                 "2026-11-28T18:30:00+01:",
                                 "26-11-28",
                                 "10000-01-01",
                                 "2026-11-28x",
                                 "Never",
                                 " 2026-11-28"}) {
    const auto moment = ParseMoment(text);
    ASSERT_FALSE(moment) << text;
    EXPECT_THAT(moment.error(), HasSubstr("is no moment")) << text;
  }
}

TEST(Moments, WhatTheClockCannotTellIsRefused) {
  EXPECT_TRUE(ParseMoment("2262-04-11"));
  for (const std::string text :
       {"2262-04-12", "9999-12-31T23:59:59Z", "9223372037", "253402300800", "99999999999999999999999999"}) {
    const auto moment = ParseMoment(text);
    ASSERT_FALSE(moment) << text;
    EXPECT_THAT(moment.error(), HasSubstr("is after 2262-04-11T23:47:16.854Z")) << text;
  }
}

TEST(Moments, AreTakenBackAsTheyAreTold) {
  EXPECT_EQ(MomentText(At(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(MomentText(At(1'795'890'600'007)), "2026-11-28T18:30:00.007Z");
  for (const int64_t ms :
       {int64_t{1}, int64_t{951'782'400'000}, int64_t{1'795'890'600'999}, int64_t{9'000'000'000'000}}) {
    EXPECT_EQ(ParseMoment(MomentText(At(ms))), At(ms));
  }
}

}  // namespace
}  // namespace amethyst::cli
