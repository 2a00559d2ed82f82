// Covers: pubsub_commands, pubsub
#include <gtest/gtest.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;

class PubSubCommands : public ServerTest {
 protected:
  Client listener_{*this, "127.0.0.1:50001"};
};

TEST_F(PubSubCommands, DeliverToChannelsAndPatterns) {
  EXPECT_EQ(listener_.Line("subscribe a b"), "[\"subscribe\", \"a\", 1] [\"subscribe\", \"b\", 2]");
  EXPECT_EQ(listener_.Line("psubscribe [ab]*"), "[\"psubscribe\", \"[ab]*\", 3]");
  EXPECT_EQ(Line("publish a hi"), "2");
  EXPECT_EQ(listener_.Received(), R"(["message", "a", "hi"] ["pmessage", "[ab]*", "a", "hi"])");
  EXPECT_EQ(Line("publish c hi"), "0");
  EXPECT_EQ(Line("publish bcd hi"), "1");
  EXPECT_EQ(listener_.Received(), R"(["pmessage", "[ab]*", "bcd", "hi"])");
  EXPECT_EQ(listener_.Line("unsubscribe"), "[\"unsubscribe\", \"a\", 2] [\"unsubscribe\", \"b\", 1]");
  EXPECT_EQ(listener_.Line("punsubscribe x"), "[\"punsubscribe\", \"x\", 1]");
  EXPECT_EQ(listener_.Line("punsubscribe"), "[\"punsubscribe\", \"[ab]*\", 0]");
  EXPECT_EQ(listener_.Line("unsubscribe"), "[\"unsubscribe\", (nil), 0]");
  EXPECT_EQ(Line("publish a hi"), "0");
}

TEST_F(PubSubCommands, LeaveResp2WithNothingElse) {
  EXPECT_EQ(listener_.Line("subscribe a"), "[\"subscribe\", \"a\", 1]");
  EXPECT_EQ(listener_.Line("get x"),
            "(error) ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed "
            "in this context");
  EXPECT_EQ(listener_.Line("publish a x").substr(0, 36), "(error) ERR Can't execute 'publish':");
  EXPECT_EQ(listener_.Line("pubsub channels").substr(0, 44), "(error) ERR Can't execute 'pubsub|channels':");
  EXPECT_EQ(listener_.Line("ping"), "[\"pong\", \"\"]");
  EXPECT_EQ(listener_.Line("ping x"), "[\"pong\", \"x\"]");
  EXPECT_EQ(listener_.Line("reset"), "RESET");
  EXPECT_EQ(listener_.Line("get x"), "(nil)");
  EXPECT_EQ(Line("publish a hi"), "0");
}

TEST_F(PubSubCommands, PushToResp3) {
  EXPECT_EQ(listener_.Line("hello 3").substr(0, 1), "{");
  EXPECT_EQ(listener_.Line("subscribe a"), ">[\"subscribe\", \"a\", 1]");
  EXPECT_EQ(listener_.Line("set x 1"), "OK");
  EXPECT_EQ(listener_.Line("ping"), "PONG");
  EXPECT_EQ(Line("publish a hi"), "1");
  EXPECT_EQ(listener_.Received(), R"(>["message", "a", "hi"])");
}

TEST_F(PubSubCommands, HaveShardChannelsOfTheirOwn) {
  EXPECT_EQ(listener_.Line("ssubscribe a"), "[\"ssubscribe\", \"a\", 1]");
  EXPECT_EQ(listener_.Line("subscribe a"), "[\"subscribe\", \"a\", 1]");
  EXPECT_EQ(Line("spublish a hi"), "1");
  EXPECT_EQ(listener_.Received(), R"(["smessage", "a", "hi"])");
  EXPECT_EQ(Line("pubsub shardchannels"), "[\"a\"]");
  EXPECT_EQ(Line("pubsub shardnumsub a b"), "[\"a\", 1, \"b\", 0]");
  EXPECT_EQ(listener_.Line("sunsubscribe"), "[\"sunsubscribe\", \"a\", 0]");
  EXPECT_EQ(Line("pubsub shardchannels"), "[]");
}

TEST_F(PubSubCommands, TellWhoListens) {
  EXPECT_EQ(listener_.Line("subscribe a ab"), "[\"subscribe\", \"a\", 1] [\"subscribe\", \"ab\", 2]");
  EXPECT_EQ(listener_.Line("psubscribe *"), "[\"psubscribe\", \"*\", 3]");
  EXPECT_EQ(Line("pubsub channels"), "[\"a\", \"ab\"]");
  EXPECT_EQ(Line("pubsub channels a?"), "[\"ab\"]");
  EXPECT_EQ(Line("pubsub numsub a c"), "[\"a\", 1, \"c\", 0]");
  EXPECT_EQ(Line("pubsub numsub"), "[]");
  EXPECT_EQ(Line("pubsub numpat"), "1");
  EXPECT_EQ(Line("pubsub channels a b"),
            "(error) ERR unknown subcommand or wrong number of arguments for 'channels'. Try PUBSUB HELP.");
  EXPECT_EQ(Line("pubsub nosuch"), "(error) ERR unknown subcommand 'nosuch'. Try PUBSUB HELP.");
}

TEST_F(PubSubCommands, ForgetWhoHasGone) {
  {
    Client other(*this, "127.0.0.1:50002");
    EXPECT_EQ(other.Line("subscribe a"), "[\"subscribe\", \"a\", 1]");
  }
  EXPECT_EQ(Line("publish a hi"), "0");
}

TEST_F(PubSubCommands, CloseListenersThatDoNotRead) {
  EXPECT_EQ(listener_.Line("subscribe a"), "[\"subscribe\", \"a\", 1]");
  listener_.LeaveUnread(size_t{31} << 20);
  EXPECT_EQ(Line("publish a hi"), "1");
  EXPECT_FALSE(listener_.is_closed());
  listener_.LeaveUnread(size_t{32} << 20);
  EXPECT_EQ(Line("publish a hi"), "1");
  EXPECT_TRUE(listener_.is_closed());
  EXPECT_EQ(listener_.Received(), R"(["message", "a", "hi"])") << "of the time before";
}

TEST_F(PubSubCommands, CloseWhoReadsTooLittleForTooLong) {
  EXPECT_EQ(Send({"config", "set", "client-output-buffer-limit", "normal 2000 1000 3 pubsub 9000 8000 2"}), "OK");
  EXPECT_EQ(listener_.Line("subscribe a"), "[\"subscribe\", \"a\", 1]");
  Client other(*this, "127.0.0.1:50002");
  other.LeaveUnread(1000);
  listener_.LeaveUnread(8000);
  EXPECT_EQ(Line("publish a hi"), "1");
  EXPECT_EQ(other.Line("ping"), "PONG");
  Pass(std::chrono::seconds(2));
  EXPECT_FALSE(listener_.is_closed());
  Pass(std::chrono::milliseconds(1));
  EXPECT_TRUE(listener_.is_closed()) << "nothing more has to come for it";
  other.LeaveUnread(999);
  Pass(std::chrono::seconds(1));
  other.LeaveUnread(1000);
  EXPECT_EQ(other.Line("ping"), "PONG");
  Pass(std::chrono::seconds(3));
  EXPECT_FALSE(other.is_closed()) << "its time began anew";
  other.LeaveUnread(2000);
  EXPECT_EQ(other.Line("ping"), "");
  EXPECT_TRUE(other.is_closed());
}

TEST_F(PubSubCommands, TellOfKeysAsAskedFor) {
  EXPECT_EQ(listener_.Line("psubscribe __key*__:*"), "[\"psubscribe\", \"__key*__:*\", 1]");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(listener_.Received(), "") << "by default nothing is told";
  EXPECT_EQ(Line("config set notify-keyspace-events KEA"), "OK");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(listener_.Received(), R"(["pmessage", "__key*__:*", "__keyspace@0__:a", "set"] )"
                                  R"(["pmessage", "__key*__:*", "__keyevent@0__:set", "a"])");
  EXPECT_EQ(Line("config set notify-keyspace-events Kg"), "OK");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("del a"), "1");
  EXPECT_EQ(listener_.Received(), R"(["pmessage", "__key*__:*", "__keyspace@0__:a", "del"])");
  EXPECT_EQ(Line("config set notify-keyspace-events Ex"), "OK");
  EXPECT_EQ(Line("set a 1 px 10"), "OK");
  Pass(milliseconds(10));
  EXPECT_EQ(listener_.Received(), R"(["pmessage", "__key*__:*", "__keyevent@0__:expired", "a"])");
  EXPECT_EQ(Line("config set notify-keyspace-events Eg"), "OK");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("move a 3"), "1");
  EXPECT_EQ(listener_.Received(), R"(["pmessage", "__key*__:*", "__keyevent@0__:move_from", "a"] )"
                                  R"(["pmessage", "__key*__:*", "__keyevent@3__:move_to", "a"])");
}

TEST_F(PubSubCommands, TellNothingOfWhatWasNotDone) {
  EXPECT_EQ(listener_.Line("psubscribe *"), "[\"psubscribe\", \"*\", 1]");
  EXPECT_EQ(Line("config set notify-keyspace-events KEA"), "OK");
  EXPECT_EQ(Line("del a"), "0");
  EXPECT_EQ(Line("expire a 1"), "0");
  EXPECT_EQ(Line("rename a b"), "(error) ERR no such key");
  EXPECT_EQ(listener_.Received(), "");
}

TEST_F(PubSubCommands, ToldOfNewKeysOnce) {
  Configure("notify-keyspace-events", "En");
  Client listener(*this, "127.0.0.1:3");
  EXPECT_EQ(listener.Line("psubscribe *"), "[\"psubscribe\", \"*\", 1]");
  Line("set foo bar");
  Line("set foo baz");
  Line("hset h f v");
  EXPECT_EQ(listener.Received(),
            "[\"pmessage\", \"*\", \"__keyevent@0__:new\", \"foo\"] "
            "[\"pmessage\", \"*\", \"__keyevent@0__:new\", \"h\"]");
}

}  // namespace
}  // namespace amethyst::server
