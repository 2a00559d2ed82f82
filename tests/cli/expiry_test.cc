// Entries that expire. Covers: point_commands, moments, batch_command, range_commands
#include <gmock/gmock.h>

#include "amethyst/amethyst.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class Expiries : public ShellTest {
 protected:
  void ExpectUsage(const std::vector<std::string>& arguments, const std::string& message) {
    const Answer answer = Amethyst(arguments);
    EXPECT_EQ(answer.code, ExitCode::kUsage) << testing::PrintToString(arguments);
    EXPECT_THAT(answer.err, HasSubstr(message)) << testing::PrintToString(arguments);
  }
};

TEST_F(Expiries, AnEntryTellsWhenItExpires) {
  ASSERT_EQ(Amethyst({"put", "--expires-at", "2099-12-31T18:00:00Z", "a", "1"}).code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"expiry", "a"}).out, MatchesRegex("[0-9]+d( [0-9]+h)? left, until 2099-12-31T18:00:00Z\n"));
  EXPECT_THAT(Amethyst({"expiry", "--json", "a"}).out,
              MatchesRegex(R"(\{"key":"a","found":true,"expires_at":"2099-12-31T18:00:00Z","left_ms":[0-9]+\})"
                           "\n"));
  ASSERT_EQ(Amethyst({"put", "--ttl", "1000d", "b", "2"}).code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"expiry", "b"}).out, MatchesRegex("(1000d|999d 23h) left, until 20.*Z\n"));
}

TEST_F(Expiries, WhatNeverExpiresAndWhatIsNotThereDiffer) {
  ASSERT_EQ(Pipe("put a 1\nput --expires-at never b 2\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"expiry", "a"}).out + Amethyst({"expiry", "b"}).out, "never\nnever\n");
  EXPECT_EQ(Amethyst({"expiry", "--json", "a"}).out, "{\"key\":\"a\",\"found\":true,\"expires_at\":null}\n");
  const Answer absent = Amethyst({"expiry", "x"});
  EXPECT_EQ(absent.code, ExitCode::kNotFound);
  EXPECT_EQ(absent.out, "");
  EXPECT_EQ(absent.err, "not found: x\n");
  const Answer absent_json = Amethyst({"expiry", "--json", "x"});
  EXPECT_EQ(absent_json.code, ExitCode::kNotFound);
  EXPECT_EQ(absent_json.out, "{\"key\":\"x\",\"found\":false}\n");
  EXPECT_EQ(Amethyst({"expiry", "--hex", "61"}).out, "never\n");
}

TEST_F(Expiries, WhatIsPastIsGone) {
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  for (const std::string moment : {"2000-01-01", "1", "0", "1969-12-31"}) {
    ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
    ASSERT_EQ(Amethyst({"put", "--expires-at", moment, "a", "2"}).code, ExitCode::kOk);
    EXPECT_EQ(Amethyst({"get", "a"}).code, ExitCode::kNotFound) << moment << ": older versions stay hidden";
  }
}

TEST_F(Expiries, APutWithoutOneLivesOn) { EXPECT_EQ(Pipe("put --ttl 1000d a 1\nput a 2\nexpiry a\n").out, "never\n"); }

TEST_F(Expiries, JsonTellsThemWhereThereIsOne) {
  ASSERT_EQ(Pipe("put --expires-at 2099-12-31 a 1\nput b 2\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"get", "--json", "a"}).out,
            "{\"key\":\"a\",\"value\":\"1\",\"expires_at\":\"2099-12-31T00:00:00Z\"}\n");
  EXPECT_EQ(Amethyst({"scan", "--json"}).out,
            "{\"key\":\"a\",\"value\":\"1\",\"expires_at\":\"2099-12-31T00:00:00Z\"}\n"
            "{\"key\":\"b\",\"value\":\"2\"}\n");
  EXPECT_EQ(Amethyst({"scan", "--json", "--keys-only", "--limit", "1"}).out,
            "{\"key\":\"a\",\"expires_at\":\"2099-12-31T00:00:00Z\"}\n");
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\nb\t2\n");
}

TEST_F(Expiries, WrongOnesAreRefusedAndNothingIsWritten) {
  ExpectUsage({"put", "--ttl", "10", "a", "1"}, "--ttl: 10 is no duration such as 500ms, 10s, 5m, 1h30m or 7d");
  ExpectUsage({"put", "--ttl", "-10s", "a", "1"}, "--ttl: -10s is no duration");
  ExpectUsage({"put", "--ttl", "0s", "a", "1"}, "--ttl: a duration is over 0, not 0s");
  ExpectUsage({"put", "--ttl", "", "a", "1"}, "--ttl: ");
  ExpectUsage({"put", "--ttl", "3000000d", "a", "1"}, "--ttl: 3000000d from now is after the year 9999");
  ExpectUsage({"put", "--ttl", "99999999999999999999h", "a", "1"}, "after the year 9999");
  ExpectUsage({"put", "--expires-at", "soon", "a", "1"}, "--expires-at: soon is no moment");
  ExpectUsage({"put", "--expires-at", "-5", "a", "1"}, "--expires-at: -5 is no moment");
  ExpectUsage({"put", "--expires-at", "2026-02-30", "a", "1"}, "--expires-at: 2026-02-30 is no moment");
  ExpectUsage({"put", "--expires-at", "253402300800", "a", "1"}, "never is for ever");
  ExpectUsage({"put", "--ttl", "5s", "--expires-at", "never", "a", "1"}, "--ttl and --expires-at exclude each other");
  EXPECT_NE(Amethyst({"put", "--ttl", "2932000d", "a", "1"}).code, ExitCode::kOk)
      << "within 10,000 years, but from 1970";
  EXPECT_EQ(Amethyst({"delete", "--ttl", "5s", "a"}).code, ExitCode::kUsage);
  EXPECT_NE(Amethyst({"get", "a"}).code, ExitCode::kOk);
}

TEST_F(Expiries, LinesOfABatchHaveTheirOwn) {
  const std::string lines = "put --expires-at 2099-12-31 a 1\nput b 2\nput c 3 --expires-at 2000-01-01\n";
  EXPECT_EQ(Amethyst({"batch"}, lines).code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"expiry", "a"}).out, HasSubstr("until 2099-12-31T00:00:00Z"));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\nb\t2\n");
  const Answer bad = Amethyst({"batch"}, "put d 4\nput --ttl soon e 5\ndelete --ttl 5s a\n");
  EXPECT_EQ(bad.code, ExitCode::kUsage);
  EXPECT_THAT(bad.err, HasSubstr("line 2: put: --ttl: soon is no duration"));
  EXPECT_THAT(bad.err, HasSubstr("line 3: delete: unknown option --ttl"));
  EXPECT_EQ(Amethyst({"count"}).out, "2\n");
}

TEST_F(Expiries, AreOfTheFamilyThatIsNamed) {
  ASSERT_EQ(Pipe("family create users\nuse users\nput --expires-at 2099-12-31 a 1\n").code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"expiry", "--family", "users", "a"}).out, HasSubstr("until 2099-12-31T00:00:00Z"));
  EXPECT_EQ(Amethyst({"expiry", "a"}).code, ExitCode::kNotFound);
}

}  // namespace
}  // namespace amethyst::cli
