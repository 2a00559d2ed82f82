// Covers: server, server_waits, session, waiters
#include "server/server.h"

#include <gmock/gmock.h>

#include "server/server_fixture.h"
#include "server/waiters.h"
#include "support/fault_file_system.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using support::Operation;
using testing::HasSubstr;
using testing::StartsWith;

// Files fail as a test wants.
class ServerFaults : public ServerTest {
 protected:
  ServerFaults() {
    client_.reset();
    server_.reset();
    space_.reset();
    environment_ = std::make_shared<support::FaultEnvironment>(*base_, files_);
    Open();
  }
  ~ServerFaults() override {
    files_.ClearFaults();
    client_.reset();
    server_.reset();
    space_.reset();
  }
  uint64_t syncs() { return space_->db().GetStats().wal_syncs; }
  // Hands over a request of the turn that is going on.
  void Begin(Client& client, const std::vector<std::string>& words) {
    server_->Receive(client.session(), Encode(words));
  }

  std::shared_ptr<io::Environment> base_ = environment_;
  support::FaultFileSystem files_{base_->files()};
};

TEST_F(ServerFaults, AnswersOfATurnWaitForOneSync) {
  EXPECT_EQ(Line("config set appendfsync always"), "OK");
  EXPECT_EQ(Line("set a 1"), "OK");
  const uint64_t before = syncs();
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(syncs(), before) << "what is read is durable";
  Client other(*this, "127.0.0.1:50001");
  Begin(other, {"set", "b", "1"});
  Begin(other, {"set", "c", "1"});
  EXPECT_EQ(other.Received(), "");
  EXPECT_EQ(Line("mset d 1 e 2"), "OK");
  EXPECT_EQ(other.Received(), "OK OK");
  EXPECT_EQ(syncs(), before + 1);
  EXPECT_EQ(Line("config set appendfsync no"), "OK");
  EXPECT_EQ(Line("set a 2"), "OK");
  EXPECT_EQ(syncs(), before + 1);
  EXPECT_EQ(Line("config set appendfsync ALWAYS"), "OK");
  EXPECT_EQ(syncs(), before + 2) << "what was written before is durable, too";
}

TEST_F(ServerFaults, WhatIsNotDurableIsNotAnswered) {
  EXPECT_EQ(Line("config set appendfsync always"), "OK");
  Client reader(*this, "127.0.0.1:50001");
  Client idle(*this, "127.0.0.1:50002");
  files_.Fail({.operation = Operation::kSegmentSync, .call = 1, .for_good = true, .code = ErrorCode::kIo});
  Begin(reader, {"ping"});
  const std::string answer = Line("set a 1");
  EXPECT_THAT(answer, StartsWith("(error) MISCONF "));
  EXPECT_THAT(answer, HasSubstr("may not survive a loss of power"));
  EXPECT_TRUE(client_->is_closed());
  EXPECT_THAT(reader.Received(), StartsWith("(error) MISCONF ")) << "it may have seen what is not durable";
  EXPECT_TRUE(reader.is_closed());
  EXPECT_FALSE(idle.is_closed());
}

TEST_F(ServerFaults, WhatIsNotWrittenIsNotAnsweredNorCounted) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("config set notify-keyspace-events KEA"), "OK");
  Client listener(*this, "127.0.0.1:50001");
  EXPECT_EQ(listener.Line("psubscribe *"), "[\"psubscribe\", \"*\", 1]");
  files_.Fail({.operation = Operation::kStore, .call = 1, .for_good = true, .code = ErrorCode::kIo});
  EXPECT_THAT(Line("set b 1"), StartsWith("(error) MISCONF "));
  EXPECT_EQ(Line("dbsize"), "1");
  EXPECT_EQ(Line("get b"), "(nil)");
  EXPECT_EQ(listener.Received(), "");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("get a"), "QUEUED");
  EXPECT_EQ(Line("set b 1"), "QUEUED");
  EXPECT_THAT(Line("exec"), StartsWith("(error) MISCONF ")) << "a transaction is whole or absent";
  EXPECT_FALSE(client_->is_closed());
}

class ServerLoop : public ServerTest {};

TEST_F(ServerLoop, RunsAPipelineInOrder) {
  std::string requests;
  std::string expected;
  for (int i = 1; i <= 100; ++i) {
    requests += Encode({"incr", "a"});
    expected += (i > 1 ? " " : "") + std::to_string(i);
  }
  EXPECT_EQ(client_->Raw(requests), expected);
}

TEST_F(ServerLoop, ClosesBehindARefusal) {
  EXPECT_EQ(client_->Raw("ping\r\n*1\r\nping\r\nset a 1\r\n"),
            "PONG (error) ERR Protocol error: expected '$', got 'p'");
  EXPECT_TRUE(client_->is_closed());
  EXPECT_EQ(client_->Raw("set a 1\r\n"), "") << "nothing is heard any more";
  Client other(*this, "127.0.0.1:50001");
  EXPECT_EQ(other.Line("get a"), "(nil)");
}

TEST_F(ServerLoop, KeepsTheLimitOfBulks) {
  EXPECT_EQ(Line("config set proto-max-bulk-len 1048576"), "OK");
  EXPECT_EQ(client_->Raw("*1\r\n$1048577\r\n"), "(error) ERR Protocol error: invalid bulk length");
}

TEST_F(ServerLoop, NamesUnknownCommandsAsRedisDoes) {
  EXPECT_EQ(Line("foo"), "(error) ERR unknown command 'foo', with args beginning with: ");
  EXPECT_EQ(Send({"foo", std::string(100, 'a'), std::string(100, 'b'), "c"}),
            "(error) ERR unknown command 'foo', with args beginning with: '" + std::string(100, 'a') + "' '" +
                std::string(25, 'b') + "' ");
  EXPECT_EQ(Send({std::string(200, 'f')}),
            "(error) ERR unknown command '" + std::string(128, 'f') + "', with args beginning with: ");
  EXPECT_EQ(Line("config nosuch"), "(error) ERR unknown subcommand 'nosuch'. Try CONFIG HELP.");
  EXPECT_EQ(Line("config"), "(error) ERR wrong number of arguments for 'config' command");
}

TEST_F(ServerLoop, CountsWhatItDoes) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("get b"), "(nil)");
  EXPECT_EQ(Line("get"), "(error) ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(server_->counters().commands, 4U);
  EXPECT_EQ(server_->counters().lookups.hits, 1U);
  EXPECT_EQ(server_->counters().lookups.misses, 1U);
  EXPECT_EQ(server_->counters().errors_by_code.at("ERR"), 1U);
  EXPECT_EQ(server_->command_counters().at("get").calls, 2U);
  EXPECT_GT(server_->counters().bytes_in, 0U);
  EXPECT_GT(server_->counters().bytes_out, 0U);
}

TEST_F(ServerLoop, ExpiresOnlyWhereAsked) {
  EXPECT_EQ(Line("set a 1 px 10"), "OK");
  Pass(milliseconds(9));
  EXPECT_EQ(Line("dbsize"), "1");
  Pass(milliseconds(1));
  EXPECT_EQ(Line("dbsize"), "0");
}

TEST_F(ServerLoop, KeepsWaitersInTheirOrder) {
  Client first(*this, "127.0.0.1:50001");
  Client second(*this, "127.0.0.1:50002");
  const KeyName a{.stored = 0, .key = "a"};
  const KeyName b{.stored = 1, .key = "b"};
  Waiters waiters;
  for (Client* const client : {&first, &second}) {
    client->session().waiting.emplace(Arguments()).keys = {a, b};
    waiters.Add(client->session(), client->session().waiting->keys);
  }
  EXPECT_EQ(waiters.count(), 2U);
  EXPECT_THAT(waiters.Of(a), testing::ElementsAre(&first.session(), &second.session()));
  const std::vector<KeyName> awaited = waiters.Swap({.one = 0, .other = 1});
  EXPECT_EQ(awaited.size(), 2U);
  const KeyName moved{.stored = 1, .key = "a"};
  EXPECT_TRUE(waiters.Of(a).empty());
  EXPECT_THAT(waiters.Of(moved), testing::ElementsAre(&first.session(), &second.session()));
  waiters.Remove(first.session(), first.session().waiting->keys);
  EXPECT_THAT(waiters.Of(moved), testing::ElementsAre(&second.session()));
  EXPECT_THAT(waiters.All(), testing::ElementsAre(&second.session()));
  first.session().waiting.reset();
  second.session().waiting.reset();
}

TEST_F(ServerLoop, AnswersNoMoreThanTheClientReads) {
  constexpr size_t kValueBytes = 400'000;
  EXPECT_EQ(Send({"set", "large", std::string(kValueBytes, 'x')}), "OK");
  Client slow(*this, "127.0.0.1:50001");
  std::string pipeline;
  for (int i = 0; i < 10; ++i) pipeline += Encode({"get", "large"});
  const auto answers_in = [&](const std::string& text) { return text.size() / kValueBytes; };
  EXPECT_EQ(answers_in(slow.Raw(pipeline)), 3U) << "so many have a mebibyte";
  EXPECT_TRUE(server_->HasBacklog());
  slow.LeaveUnread(size_t{1} << 20);
  EXPECT_FALSE(server_->HasBacklog());
  server_->EndTurn();
  EXPECT_EQ(slow.Received(), "");
  EXPECT_EQ(Line("exists large"), "1") << "others are served";
  slow.LeaveUnread(0);
  size_t answers = 3;
  for (; server_->HasBacklog(); answers += answers_in(slow.Received())) server_->EndTurn();
  EXPECT_EQ(answers, 10U);
}

TEST_F(ServerLoop, AnswersAllThatCameBeforeTheClientsEnd) {
  EXPECT_EQ(Send({"set", "large", std::string(700'000, 'x')}), "OK");
  Client last(*this, "127.0.0.1:50001");
  server_->Receive(last.session(), Encode({"get", "large"}) + Encode({"get", "large"}) + Encode({"set", "a", "1"}));
  server_->EndInput(last.session());
  server_->EndTurn();
  EXPECT_FALSE(last.is_closed()) << "there is more to answer";
  server_->EndTurn();
  EXPECT_TRUE(last.is_closed());
  EXPECT_TRUE(last.Received().ends_with("x\" OK"));
  EXPECT_EQ(Line("get a"), "\"1\"");
  Client waiting(*this, "127.0.0.1:50002");
  EXPECT_EQ(waiting.Line("blpop nothing 0"), "");
  server_->EndInput(waiting.session());
  server_->EndTurn();
  EXPECT_TRUE(waiting.is_closed());
}

}  // namespace
}  // namespace amethyst::server
