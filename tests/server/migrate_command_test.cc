// MIGRATE, with a second server in memory, or none, at the other end.
// Covers: migrate_command, remote
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/net/remote.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::StartsWith;

class MigrateCommandTest : public ServerTest {
 protected:
  MigrateCommandTest() {
    EXPECT_TRUE(other_space_.has_value());
    server_->SetCallRemote([this](const RemoteAddress& at, std::string_view requests, size_t count) {
      at_ = at;
      ++calls_;
      if (failure_) return RemoteAnswers{.lines = {"+OK"}, .failure = failure_};
      other_.Receive(*session_, requests);
      other_.EndTurn();
      RemoteAnswers answers;
      for (size_t i = 0; i < count; ++i) {
        const size_t end = connection_.sent.find("\r\n");
        answers.lines.push_back(connection_.sent.substr(0, end));
        connection_.sent.erase(0, end + 2);
      }
      return answers;
    });
  }
  ~MigrateCommandTest() override { other_.Disconnect(*session_); }
  std::string Other(std::string_view line) {
    other_.Receive(*session_, std::string(line) + "\r\n");
    other_.EndTurn();
    std::string sent = std::exchange(connection_.sent, {});
    return TakeReply(&sent);
  }

  RemoteAddress at_{};
  int calls_ = 0;
  std::optional<RemoteAnswers::Failure> failure_{};
  std::shared_ptr<io::Environment> other_environment_ = NewInMemoryEnvironment();
  Components components_ = [this] {
    Components components;
    components.environment = other_environment_;
    return components;
  }();
  Result<std::unique_ptr<Space>> other_space_ = Space::Open("/other", {}, components_);
  Config other_config_;
  Server other_{**other_space_, other_config_, clock_};
  net::MemoryConnection connection_{"127.0.0.1:2"};
  Session* session_ = other_.Connect(connection_);
};

TEST_F(MigrateCommandTest, TakesAKeyAlongWithItsTime) {
  EXPECT_EQ(Line("set a 1 px 5000"), "OK");
  EXPECT_EQ(Line("migrate there 7000 a 3 2000"), "OK");
  EXPECT_EQ(at_.host + " " + at_.port, "there 7000");
  EXPECT_EQ(at_.timeout, std::chrono::milliseconds(2000));
  EXPECT_EQ(Line("exists a"), "0");
  EXPECT_EQ(Other("get a"), "\"1\"") << "the connection is in database 3 now";
  EXPECT_EQ(Other("pttl a"), "5000");
  EXPECT_EQ(Other("select 0"), "OK");
  EXPECT_EQ(Other("exists a"), "0");
}

TEST_F(MigrateCommandTest, TakesManyKeysOfAnyTypeAndLeavesOutThoseThatAreNotThere) {
  EXPECT_EQ(Line("rpush list a b c"), "3");
  EXPECT_EQ(Line("hset hash f v"), "1");
  EXPECT_EQ(Line("zadd zset 1.5 m"), "1");
  EXPECT_EQ(Send({"migrate", "there", "7000", "", "0", "1000", "copy", "keys", "list", "none", "hash", "zset"}), "OK");
  EXPECT_EQ(Line("dbsize"), "3") << "copies were sent";
  EXPECT_EQ(Other("lrange list 0 -1"), "[\"a\", \"b\", \"c\"]");
  EXPECT_EQ(Other("hgetall hash"), "[\"f\", \"v\"]");
  EXPECT_EQ(Other("zscore zset m"), "\"1.5\"");
  EXPECT_EQ(Send({"migrate", "there", "7000", "", "0", "1000", "keys", "none"}), "NOKEY");
  EXPECT_EQ(calls_, 1);
}

TEST_F(MigrateCommandTest, KeepsWhatTheOtherServerDoesNotTake) {
  EXPECT_EQ(Line("mset a 1 b 2"), "OK");
  EXPECT_EQ(Other("set a 9"), "OK");
  const std::string error = "(error) ERR Target instance replied with error: ";
  EXPECT_EQ(Send({"migrate", "there", "7000", "", "0", "1000", "keys", "a", "b"}),
            error + "BUSYKEY Target key name already exists.");
  EXPECT_EQ(Line("mget a b"), "[\"1\", (nil)]");
  EXPECT_EQ(Other("get b"), "\"2\"");
  EXPECT_EQ(Line("migrate there 7000 a 99 1000"), error + "ERR DB index is out of range");
  EXPECT_EQ(Line("get a"), "\"1\"") << "wherever the other one may have put it";
  EXPECT_EQ(Line("migrate there 7000 a 0 1000 replace auth secret"),
            error +
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
                "configuration is correct?");
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("migrate there 7000 a 0 1000 replace"), "OK");
  EXPECT_EQ(Other("get a"), "\"1\"");
}

TEST_F(MigrateCommandTest, SaysWhichStepHasFailed) {
  EXPECT_EQ(Line("set a 1"), "OK");
  failure_ = RemoteAnswers::Failure::kConnect;
  EXPECT_EQ(Line("migrate there 7000 a 0 1000"), "(error) IOERR error or timeout connecting to the client");
  failure_ = RemoteAnswers::Failure::kWrite;
  EXPECT_EQ(Line("migrate there 7000 a 0 1000"), "(error) IOERR error or timeout writing to target instance");
  failure_ = RemoteAnswers::Failure::kRead;
  EXPECT_EQ(Line("migrate there 7000 a 0 1000"), "(error) IOERR error or timeout reading from target instance");
  server_->SetCallRemote(nullptr);
  EXPECT_THAT(Line("migrate there 7000 a 0 1000"), StartsWith("(error) IOERR "));
  EXPECT_EQ(Line("get a"), "\"1\"");
}

TEST_F(MigrateCommandTest, RefusesAsRedisDoes) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("migrate there 7000 a 0 soon"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("migrate there 7000 a zero 1000"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("migrate there 7000 a 0 1000 quickly"), "(error) ERR syntax error");
  EXPECT_EQ(Line("migrate there 7000 a 0 1000 auth"), "(error) ERR syntax error");
  EXPECT_EQ(Line("migrate there 7000 a 0 1000 keys b"),
            "(error) ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
  EXPECT_EQ(Line("migrate there 7000 a 0 -1"), "OK");
  EXPECT_EQ(at_.timeout, std::chrono::milliseconds(1000));
  EXPECT_EQ(Send({"command", "getkeys", "migrate", "there", "7000", "", "0", "1", "keys", "k", "l"}), "[\"k\", \"l\"]");
}

TEST(CallOverTcp, SaysThatNobodyListens) {
  const RemoteAnswers answers =
      CallOverTcp({.host = "127.0.0.1", .port = "1", .timeout = std::chrono::seconds(5)}, "", 1);
  EXPECT_EQ(answers.failure, RemoteAnswers::Failure::kConnect);
}

}  // namespace
}  // namespace amethyst::server
