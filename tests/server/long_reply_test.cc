// Covers: long_reply
#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::EndsWith;
using testing::StartsWith;

constexpr size_t kTurnBytesMax = size_t{1200} << 10;  // A megabyte, and what was said last.
constexpr size_t kEntries = 3000;
constexpr size_t kEntryBytes = 1000;

// Collections of some three megabytes, and as many keys.
class LongReplies : public ServerTest {
 protected:
  LongReplies() {
    for (size_t i = 0; i < kEntries; ++i) {
      const std::string number = std::to_string(10'000 + i);
      const std::string text = number + std::string(kEntryBytes, 'x');
      EXPECT_EQ(Send({"hset", "hash", number, text}), "1");
      EXPECT_EQ(Send({"sadd", "set", text}), "1");
      EXPECT_EQ(Send({"rpush", "list", text}), std::to_string(i + 1));
      EXPECT_EQ(Send({"zadd", "sorted", number, text}), "1");
      EXPECT_THAT(Send({"xadd", "stream", number + "-1", "field", text}), EndsWith("-1\""));
      EXPECT_EQ(Send({"select", "1"}), "OK");
      EXPECT_EQ(Send({"set", text, ""}), "OK");
      EXPECT_EQ(Send({"select", "0"}), "OK");
    }
  }

  // What the first turn sends.
  std::string Begin(const std::vector<std::string>& words) {
    server_->Receive(client_->session(), Encode(words));
    server_->EndTurn();
    return client_->TakeSent();
  }
  // What all further turns send.
  std::string Rest() {
    std::string all;
    while (server_->HasBacklog()) {
      server_->EndTurn();
      const std::string sent = client_->TakeSent();
      EXPECT_LE(sent.size(), kTurnBytesMax);
      EXPECT_FALSE(sent.empty());
      all += sent;
    }
    return all;
  }
  // Within MULTI a reply is said at once.
  std::string AtOnce(const std::vector<std::string>& words) {
    EXPECT_EQ(Send({"multi"}), "OK");
    EXPECT_EQ(Send(words), "QUEUED");
    std::string reply = Begin({"exec"});
    EXPECT_THAT(reply, StartsWith("*1\r\n"));
    return reply.substr(4);
  }
};

TEST_F(LongReplies, AreSentInPartsThatMakeTheSame) {
  const std::vector<std::vector<std::string>> all = {
      {"hgetall", "hash"},
      {"hvals", "hash"},
      {"smembers", "set"},
      {"lrange", "list", "0", "-1"},
      {"zrange", "sorted", "1", "-2"},
      {"zrevrange", "sorted", "0", "-1", "withscores"},
      {"zrangebyscore", "sorted", "(10001", "+inf", "withscores", "limit", "1", "2500"},
      {"zrevrangebylex", "sorted", "+", "-"},
      {"xrange", "stream", "-", "+"},
      {"xrevrange", "stream", "+", "-", "count", "2900"},
  };
  for (const std::string protocol : {"2", "3"}) {
    Send({"hello", protocol});
    for (const std::vector<std::string>& words : all) {
      const std::string first = Begin(words);
      EXPECT_LE(first.size(), kTurnBytesMax) << words[0];
      EXPECT_TRUE(server_->HasBacklog()) << words[0];
      const std::string whole = first + Rest();  // Before the next request, whatever the order of arguments.
      EXPECT_EQ(whole, AtOnce(words)) << words[0];
    }
  }
  EXPECT_EQ(Line("select 1"), "OK");
  for (const std::string pattern : {"*", "1*", "*5*"}) {
    const std::vector<std::string> words = {"keys", pattern};
    const std::string first = Begin(words);
    EXPECT_LE(first.size(), kTurnBytesMax);
    const std::string whole = first + Rest();
    EXPECT_EQ(whole, AtOnce(words)) << pattern;
  }
}

TEST_F(LongReplies, ShowTheMomentAtWhichTheCommandRan) {
  const std::string expected = AtOnce({"lrange", "list", "0", "-1"});
  const std::string keys = [&] {
    EXPECT_EQ(Line("select 1"), "OK");
    EXPECT_EQ(Send({"pexpire", "10500" + std::string(kEntryBytes, 'x'), "100"}), "1");
    return AtOnce({"keys", "*"});
  }();
  EXPECT_EQ(Line("select 0"), "OK");
  Client other(*this, "127.0.0.1:2");
  std::string got = Begin({"lrange", "list", "0", "-1"});
  EXPECT_EQ(other.Line("lset list -1 other"), "OK");
  EXPECT_EQ(other.Line("lpop list"), "\"10000" + std::string(kEntryBytes, 'x') + "\"");
  EXPECT_EQ(other.Line("del list"), "1");
  got += client_->TakeSent();
  EXPECT_EQ(got + Rest(), expected);
  EXPECT_EQ(Line("exists list"), "0");

  EXPECT_EQ(Line("select 1"), "OK");
  got = Begin({"keys", "*"});
  Pass(std::chrono::seconds(1));
  EXPECT_EQ(other.Line("flushall"), "OK");
  got += client_->TakeSent();
  EXPECT_EQ(got + Rest(), keys) << "one that has expired since was there";
}

TEST_F(LongReplies, WaitForAClientThatDoesNotRead) {
  std::string got = Begin({"hgetall", "hash"});
  client_->LeaveUnread(got.size());
  EXPECT_FALSE(server_->HasBacklog());
  for (int i = 0; i < 10; ++i) Pass(std::chrono::milliseconds(100));
  EXPECT_EQ(client_->TakeSent(), "");
  client_->LeaveUnread(0);
  got += Rest();
  EXPECT_EQ(got, AtOnce({"hgetall", "hash"}));
}

TEST_F(LongReplies, ComeBeforeWhatWasAskedOrToldBehindThem) {
  EXPECT_THAT(Line("hello 3"), StartsWith("{"));
  EXPECT_EQ(Line("subscribe news"), ">[\"subscribe\", \"news\", 1]");
  const std::string expected = AtOnce({"hvals", "hash"});
  Client other(*this, "127.0.0.1:2");
  std::string got = Begin({"hvals", "hash"});
  server_->Receive(client_->session(), Encode({"echo", "behind"}));
  EXPECT_EQ(other.Line("publish news hot"), "1");
  got += client_->TakeSent();
  EXPECT_EQ(got + Rest(), expected + ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$3\r\nhot\r\n$6\r\nbehind\r\n");
}

TEST_F(LongReplies, AreNotOfWhatTheCommandRemoves) {
  EXPECT_GT(Begin({"spop", "set", "5000"}).size(), kEntries * kEntryBytes) << "it is said before it is gone";
  EXPECT_EQ(client_->session().rest.write, nullptr);
}

TEST_F(LongReplies, HoldNothingForOneWhoIsKilledAndDoesNotRead) {
  EXPECT_THAT(Begin({"hvals", "hash"}), StartsWith("*3000\r\n"));
  client_->LeaveUnread(size_t{2} << 20);
  Client other(*this, "127.0.0.1:2");
  EXPECT_NE(client_->session().rest.write, nullptr);
  EXPECT_EQ(other.Line("client kill 127.0.0.1:50000"), "OK");
  EXPECT_EQ(client_->session().rest.write, nullptr);
}

TEST_F(LongReplies, EndWithTheirClient) {
  Client leaves(*this, "127.0.0.1:2");
  server_->Receive(leaves.session(), Encode({"smembers", "set"}));
  server_->EndTurn();
  EXPECT_TRUE(server_->HasBacklog());
  EXPECT_EQ(Line("client kill 127.0.0.1:2"), "OK");
  EXPECT_TRUE(leaves.is_closed());
  EXPECT_FALSE(server_->HasBacklog());
}

TEST_F(LongReplies, WaitWhileAScriptIsBusy) {
  const std::string expected = AtOnce({"hvals", "hash"});
  Client other(*this, "127.0.0.1:2");
  Client runs(*this, "127.0.0.1:3");
  std::string got = Begin({"hvals", "hash"});
  std::string meanwhile;
  WhileBusy([&] {
    server_->Receive(client_->session(), Encode({"echo", "behind"}));
    server_->EndTurn();
    meanwhile += client_->TakeSent();
    other.Line("script kill");
  });
  EXPECT_THAT(runs({"eval", "while true do end", "0"}), StartsWith("(error) ERR Script killed"));
  EXPECT_EQ(meanwhile, "");
  got += client_->TakeSent();
  EXPECT_EQ(got + Rest(), expected + "$6\r\nbehind\r\n");
}

}  // namespace
}  // namespace amethyst::server
