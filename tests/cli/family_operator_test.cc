// Merge operators and a time to live of families that the shell makes. Covers: family_commands, merge_commands
#include <gmock/gmock.h>

#include "amethyst/amethyst.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using FamilyOperators = ShellTest;

TEST_F(FamilyOperators, AFamilyCounts) {
  ASSERT_EQ(Amethyst({"family", "create", "counters", "--merge", "int64.add"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"--family", "counters", "incr", "hits"}).out, "1\n");
  EXPECT_EQ(Pipe("use counters\nincr hits 4\nincr hits -2\n").out, "5\n3\n");
  EXPECT_EQ(Amethyst({"--family", "counters", "scan", "--as", "int64"}).out, "hits\t3\n");
  EXPECT_EQ(Amethyst({"get", "hits"}).code, ExitCode::kNotFound);
  EXPECT_THAT(Amethyst({"incr", "hits"}).err, HasSubstr("no merge operator"));
}

TEST_F(FamilyOperators, FamiliesHaveOperatorsOfTheirOwn) {
  ASSERT_EQ(Pipe("family create tags --merge append:,\nfamily create best --merge max\n").code, ExitCode::kOk);
  const std::string lines =
      "merge --family tags k a\nmerge --family best k 5\nmerge --family tags k b\n"
      "merge --family best k 7\nmerge --family best k 6\n";
  EXPECT_EQ(Amethyst({"batch"}, lines).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"--family", "tags", "get", "k"}).out, "a,b\n");
  EXPECT_EQ(Amethyst({"--family", "best", "get", "k"}).out, "7\n");
}

TEST_F(FamilyOperators, EntriesOfAFamilyWithATtlExpireUnlessTheySaySo) {
  ASSERT_EQ(Amethyst({"family", "create", "sessions", "--ttl", "1000d"}).code, ExitCode::kOk);
  EXPECT_EQ(Pipe("use sessions\nput a 1\nput --expires-at never b 2\nput --expires-at 2099-12-31 c 3\n").code,
            ExitCode::kOk);
  EXPECT_THAT(Amethyst({"--family", "sessions", "expiry", "a"}).out, MatchesRegex("(1000d|999d 23h) left, until .*\n"));
  EXPECT_EQ(Amethyst({"--family", "sessions", "expiry", "b"}).out, "never\n");
  EXPECT_THAT(Amethyst({"--family", "sessions", "expiry", "c"}).out, HasSubstr("until 2099-12-31T00:00:00Z"));
}

}  // namespace
}  // namespace amethyst::cli
