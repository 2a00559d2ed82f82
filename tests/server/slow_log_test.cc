// Covers: slow_log, slow_log_commands, secrets
#include "server/slow_log.h"

#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class SlowLogCommands : public ServerTest {};

TEST_F(SlowLogCommands, KeepWhatTookLong) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("slowlog len"), "0");
  EXPECT_EQ(Line("client setname me"), "OK");
  EXPECT_EQ(Line("config set slowlog-log-slower-than 0"), "OK");
  EXPECT_EQ(Line("slowlog reset"), "OK");
  EXPECT_EQ(Line("set a 2"), "OK");
  EXPECT_THAT(Line("slowlog get 1"),
              HasSubstr("1700000000, 0, [\"set\", \"a\", \"2\"], \"127.0.0.1:50000\", \"me\"]]"));
  EXPECT_EQ(Line("config set slowlog-log-slower-than -1"), "OK");
  const std::string kept = Line("slowlog len");
  EXPECT_EQ(Line("set a 3"), "OK");
  EXPECT_EQ(Line("slowlog len"), kept);
  EXPECT_EQ(Line("slowlog get 0"), "[]");
  EXPECT_EQ(Line("slowlog reset"), "OK");
  EXPECT_EQ(Line("slowlog get -1"), "[]");
  EXPECT_EQ(Line("slowlog get -2"), "(error) ERR count should be greater than or equal to -1");
  EXPECT_EQ(Line("slowlog get x"), "(error) ERR count should be greater than or equal to -1");
  EXPECT_THAT(Line("slowlog get 1 2"), StartsWith("(error) ERR unknown subcommand or wrong number"));
}

TEST_F(SlowLogCommands, ShowNoPasswords) {
  EXPECT_EQ(Line("config set slowlog-log-slower-than 0"), "OK");
  Line("auth secret");
  Line("hello 3 auth default secret");
  Line("hello 2");
  Line("config set requirepass secret timeout 5");
  const std::string log = Line("slowlog get -1");
  EXPECT_THAT(log, HasSubstr(R"x(["auth", "(redacted)"])x"));
  EXPECT_THAT(log, HasSubstr(R"x(["hello", "3", "auth", "(redacted)", "(redacted)"])x"));
  EXPECT_THAT(log, HasSubstr(R"x(["config", "set", "requirepass", "(redacted)", "timeout", "5"])x"));
  EXPECT_THAT(log, testing::Not(HasSubstr("secret")));
}

TEST(SlowLog, CutsWhatIsLong) {
  SlowLog log;
  const std::vector<std::string> words(40, std::string(200, 'x'));
  const std::vector<std::string_view> args(words.begin(), words.end());
  log.Add(args, {}, 3);
  ASSERT_EQ(log.entries().size(), 1U);
  const SlowLog::Entry& entry = log.entries().front();
  EXPECT_EQ(entry.args.size(), 32U);
  EXPECT_EQ(entry.args.front(), std::string(128, 'x') + "... (72 more bytes)");
  EXPECT_EQ(entry.args.back(), "... (9 more arguments)");
  for (int i = 0; i < 5; ++i) log.Add(args, {}, 3);
  EXPECT_EQ(log.entries().size(), 3U);
  EXPECT_EQ(log.entries().front().id, 5U);
  log.Add(args, {}, 0);
  EXPECT_TRUE(log.entries().empty());
}

}  // namespace
}  // namespace amethyst::server
