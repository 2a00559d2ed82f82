// The change feed in the shell. Covers: feed_commands
#include <gmock/gmock.h>

#include "cli/process_fixture.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class FeedShell : public ShellTest {};

TEST_F(FeedShell, ShowsWhatWasWrittenSinceACursor) {
  EXPECT_EQ(Amethyst({"cursor", "create", "c"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"put", "apple", "artichoke"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"delete", "apple"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"family", "create", "f"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"--family", "f", "put", "a", "1"}).code, ExitCode::kOk);
  const std::string lines = "1\tput apple artichoke\n2\tdelete apple\n2\tfamily-created f\n3\tput --family f a 1\n";
  EXPECT_EQ(Amethyst({"feed", "--cursor", "c"}).out, lines);
  EXPECT_EQ(Amethyst({"feed", "--cursor", "c", "--commit"}).out, lines) << "it was not committed";
  EXPECT_EQ(Amethyst({"feed", "--cursor", "c"}).out, "");
  EXPECT_THAT(Amethyst({"cursors"}).out, MatchesRegex("c\t3\tfeed1-[-0-9a-f]*\n"));
  EXPECT_EQ(Amethyst({"cursor", "drop", "c"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"cursors"}).out, "");
}

TEST_F(FeedShell, GoesOnFromThePositionOfAnEventInJson) {
  ASSERT_EQ(Amethyst({"cursor", "create", "c"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"put", "b", "2"}).code, ExitCode::kOk);
  const std::string json = Amethyst({"feed", "--cursor", "c", "--json"}).out;
  EXPECT_THAT(json, HasSubstr(R"({"event":"batch","first":1,"last":1,"entries":[{"op":"put","family":"default",)"
                              R"("key":"a","value":"1"}],"position":"feed1-)"));
  const size_t begin = json.find("feed1-");
  const std::string position = json.substr(begin, json.find('"', begin) - begin);
  EXPECT_EQ(Amethyst({"feed", "--from", position}).out, "2\tput b 2\n");
  EXPECT_EQ(Amethyst({"cursor", "create", "d", "--from", position}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"feed", "--cursor", "d"}).out, "2\tput b 2\n");
}

TEST_F(FeedShell, WorksBesideARunningApplication) {
  const std::unique_ptr<DB> application = DB::Open(database_).value();
  ASSERT_TRUE(application->CreateCursor("c"));
  ASSERT_TRUE(application->Put("a", "1"));
  ASSERT_TRUE(application->Flush());
  ASSERT_TRUE(application->CreateCursor("d"));
  EXPECT_THAT(Amethyst({"cursors"}).out, MatchesRegex("c\t0\t.*\nd\t1\t.*\n"));
  EXPECT_EQ(Amethyst({"feed", "--cursor", "c"}).out, "1\tput a 1\n");
  EXPECT_THAT(Amethyst({"feed", "--cursor", "c", "--json"}).out, HasSubstr(R"("key":"a")"));
  EXPECT_EQ(Amethyst({"feed", "--cursor", "d"}).out, "");
  EXPECT_EQ(Amethyst({"--read-only", "feed", "--cursor", "c"}).out, "1\tput a 1\n");
  const Answer committed = Amethyst({"feed", "--cursor", "c", "--commit"});
  EXPECT_THAT(committed.err, HasSubstr("has it open"));
  EXPECT_EQ(committed.out, "");
}

TEST_F(Process, AFeedFollowsAnApplicationThatGoesOnWriting) {
  EXPECT_THAT(Bash("amethyst cursor create c; mkfifo lines; amethyst < lines & exec 3> lines; echo 'put a 1' >&3; "
                   "coproc \"$AMETHYST\" feed --cursor c --follow --json; read -r line <&${COPROC[0]}; echo \"$line\"; "
                   "echo 'put b 2' >&3; read -r line <&${COPROC[0]}; echo \"$line\"; kill $COPROC_PID; "
                   "exec 3>&-; wait")
                  .out,
              testing::ContainsRegex("\"key\":\"a\".*\n.*\"key\":\"b\".*"));
}

TEST_F(FeedShell, SaysWhatIsWrong) {
  ASSERT_EQ(Amethyst({"cursor", "create", "c"}).code, ExitCode::kOk);
  const auto is_usage = [this](const std::vector<std::string>& arguments, const std::string& message) {
    const Answer answer = Amethyst(arguments);
    EXPECT_EQ(answer.code, ExitCode::kUsage);
    EXPECT_THAT(answer.err, HasSubstr(message));
  };
  is_usage({"cursor", "create", "c"}, "already");
  is_usage({"cursor", "move", "c"}, "create NAME or drop NAME");
  is_usage({"cursor", "drop", "d"}, "no cursor");
  is_usage({"feed"}, "--cursor NAME or --from POSITION");
  is_usage({"feed", "--cursor", "d"}, "no cursor");
  is_usage({"feed", "--from", "x"}, "no position");
  is_usage({"feed", "--from", "x", "--commit"}, "--commit is for a cursor");
}

}  // namespace
}  // namespace amethyst::cli
