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

TEST_F(FamilyOperators, AFamilyThatIsThereIsGivenOneByTheOptionBeforeTheCommand) {
  ASSERT_EQ(Amethyst({"family", "create", "counters"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"--family", "counters", "--merge", "int64.add", "incr", "hits"}).out, "1\n");
  EXPECT_EQ(Amethyst({"incr", "--family", "counters", "hits"}).out, "2\n") << "which it keeps";
  EXPECT_EQ(Amethyst({"--merge", "max", "merge", "k", "5"}).code, ExitCode::kOk) << "the default family has its own";
  const Answer other = Amethyst({"--family", "counters", "--merge", "max", "incr", "hits"});
  EXPECT_EQ(other.code, ExitCode::kError);
  EXPECT_THAT(other.err, HasSubstr("int64.add"));
}

TEST_F(FamilyOperators, OneThatIsMadeWithAnOperatorTakesNoOther) {
  ASSERT_EQ(Pipe("family create counters --merge uint64.add\nuse counters\nincr a 7\n").out, "7\n");
  const Answer answer = Amethyst({"--family", "counters", "merge", "a", "text"});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("uint64.add takes 8"));
  EXPECT_EQ(Pipe("family rename counters counts\nuse counts\nincr a\n").out, "8\n");
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
