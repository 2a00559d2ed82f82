// Covers: monitors, monitor_commands
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;

class MonitorsTest : public ServerTest {
 protected:
  MonitorsTest() { EXPECT_EQ(monitor_.Line("monitor"), "OK"); }
  Client monitor_{*this, "127.0.0.1:50001"};
};

TEST_F(MonitorsTest, AreShownEachCommand) {
  EXPECT_EQ(Send({"SET", "a", std::string("\x01\"\n\\x", 5)}), "OK");
  EXPECT_EQ(monitor_.Received(), R"(1700000000.000000 [0 127.0.0.1:50000] "SET" "a" "\x01\"\n\\x")");
  EXPECT_EQ(Line("select 2"), "OK");
  monitor_.Received();
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(monitor_.Received(), R"(1700000000.000000 [2 127.0.0.1:50000] "get" "a")");
  EXPECT_THAT(Line("client list"), HasSubstr("flags=O "));
}

TEST_F(MonitorsTest, AreShownTransactionsAsTheyRun) {
  for (const char* const line : {"multi", "set a 1", "exec"}) Line(line);
  EXPECT_EQ(monitor_.Received(),
            R"(1700000000.000000 [0 127.0.0.1:50000] "multi" 1700000000.000000 [0 127.0.0.1:50000] "set" "a" "1" )"
            R"(1700000000.000000 [0 127.0.0.1:50000] "exec")");
}

TEST_F(MonitorsTest, AreShownScriptsBeforeTheirCommands) {
  EXPECT_EQ(Send({"eval", "return redis.call('get', 'a')", "0"}), "(nil)");
  EXPECT_EQ(monitor_.Received(),
            R"x(1700000000.000000 [0 127.0.0.1:50000] "eval" "return redis.call('get', 'a')" "0" )x"
            R"(1700000000.000000 [0 lua] "get" "a")");
  Send({"function", "load", "#!lua name=l\nredis.register_function('f', function() return redis.call('ping') end)"});
  monitor_.Received();
  EXPECT_EQ(Line("fcall f 0"), "PONG");
  EXPECT_EQ(monitor_.Received(),
            R"(1700000000.000000 [0 127.0.0.1:50000] "fcall" "f" "0" 1700000000.000000 [0 lua] "ping")");
}

TEST_F(MonitorsTest, AreShownNoSecretsAndNothingOfTheOperator) {
  Line("auth default secret");
  EXPECT_EQ(monitor_.Received(), R"x(1700000000.000000 [0 127.0.0.1:50000] "auth" "(redacted)" "(redacted)")x");
  Line("config set requirepass secret");
  EXPECT_EQ(monitor_.Received(), "");
}

TEST_F(MonitorsTest, AreShownABlockingCommandOnce) {
  EXPECT_EQ(Line("blpop a 0"), "");
  EXPECT_THAT(monitor_.Received(), HasSubstr(R"("blpop" "a" "0")"));
  Client other(*this, "127.0.0.1:50002");
  EXPECT_EQ(other.Line("rpush a x"), "1");
  EXPECT_EQ(monitor_.Received(), R"(1700000000.000000 [0 127.0.0.1:50002] "rpush" "a" "x")");
}

TEST_F(MonitorsTest, MayEnd) {
  EXPECT_EQ(monitor_.Line("reset"), "RESET");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(monitor_.Received(), "");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("monitor"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[(error) ERR MONITOR isn't allowed for DENY BLOCKING client]");
}

}  // namespace
}  // namespace amethyst::server
