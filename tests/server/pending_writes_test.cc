// Commands of one turn: their writes go to the engine as one batch, and nobody can tell by what is answered.
// Covers: pending_writes
#include "server/keyspace/pending_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "server/server_fixture.h"
#include "simulation/serial_environment.h"
#include "support/fault_file_system.h"
#include "torture/server/drawn_commands.h"

namespace amethyst::server {
namespace {

using support::FaultFileSystem;
using testing::HasSubstr;
using testing::StartsWith;

class PendingWritesTest : public ServerTest {
 protected:
  PendingWritesTest() {
    client_.reset();
    server_.reset();
    space_.reset();
    environment_ = std::make_shared<support::FaultEnvironment>(base_, files_);
    Open();
  }
  ~PendingWritesTest() override {
    files_.ClearFaults();
    client_.reset();
    server_.reset();
    space_.reset();
  }
  // Hands over a request of the turn that is going on.
  void Begin(Client& client, const std::vector<std::string>& words) {
    server_->Receive(client.session(), Encode(words));
  }
  // Some forty of them are worth another thread's while, which works only where somebody waits, or by RunJobs.
  void BeginSets(Client& client, int begin, int end) {
    for (int i = begin; i < end; ++i) Begin(client, {"set", "large" + std::to_string(i), std::string(200, 'v')});
  }
  void RunJobs() {
    while (base_.RunOneJob()) {
    }
  }
  [[nodiscard]] uint64_t Writes() const { return space_->db().GetStats().writes; }
  // Each entry that is written has a number.
  [[nodiscard]] uint64_t LastSequence() const { return space_->db().GetSnapshot().sequence(); }
  void FailWrites() {
    files_.Fail({.operation = support::Operation::kStore, .call = 1, .for_good = true, .code = ErrorCode::kIo});
  }

  simulation::SerialEnvironment base_{std::make_shared<io::MemoryFileSystem>(), 1};
  FaultFileSystem files_{base_.files()};
};

TEST_F(PendingWritesTest, OneBatchTakesTheWritesOfATurn) {
  EXPECT_EQ(Line("sadd s a"), "1") << "a first collection leases ids";
  Client other(*this, "127.0.0.1:50001");
  const uint64_t before = Writes();
  Begin(*client_, {"set", "a", "1"});
  Begin(other, {"append", "a", "2"});
  Begin(*client_, {"sadd", "s", "b"});
  Begin(other, {"del", "s"});
  Begin(*client_, {"get", "a"});
  EXPECT_EQ(Writes(), before);
  server_->EndTurn();
  EXPECT_EQ(Writes(), before + 1);
  EXPECT_EQ(client_->Received(), "OK 1 \"12\"");
  EXPECT_EQ(other.Received(), "2 1");
}

TEST_F(PendingWritesTest, ManyGoInPartsBeforeTheTurnEnds) {
  const uint64_t before = Writes();
  for (int i = 0; i < 100; ++i) Begin(*client_, {"set", std::to_string(i), std::string(4000, 'v')});
  EXPECT_GT(Writes(), before);
  server_->EndTurn();
  EXPECT_LT(Writes(), before + 10);
  static_cast<void>(client_->Received());
  EXPECT_EQ(Line("dbsize"), "100");
}

TEST_F(PendingWritesTest, AnotherThreadWritesThemWhileMoreCome) {
  const uint64_t before = Writes();
  BeginSets(*client_, 0, 100);
  EXPECT_EQ(Writes(), before) << "the other thread has not come to it";
  RunJobs();
  EXPECT_EQ(Writes(), before + 1);
  BeginSets(*client_, 100, 101);
  server_->EndTurn();
  EXPECT_EQ(Writes(), before + 2);
  EXPECT_EQ(std::ranges::count(client_->Received(), 'K'), 101);
  Crash();
  EXPECT_EQ(Line("dbsize"), "101");
}

TEST_F(PendingWritesTest, ReadsSeeThemBeforeAnotherThreadHasWrittenThem) {
  EXPECT_EQ(Line("config set hash-max-listpack-entries 1"), "OK");
  EXPECT_EQ(Line("hset h a 1 b 2"), "2");
  const uint64_t before = Writes();
  Begin(*client_, {"hset", "h", "first", "3"});
  BeginSets(*client_, 0, 60);
  EXPECT_EQ(Writes(), before);
  Begin(*client_, {"hget", "h", "first"});
  EXPECT_EQ(Writes(), before + 2) << "what came behind it, too";
  BeginSets(*client_, 0, 60);
  EXPECT_EQ(Writes(), before + 2);
  Begin(*client_, {"keys", "large*"});
  server_->EndTurn();
  const std::string answers = client_->Received();
  EXPECT_THAT(answers, HasSubstr("\"3\""));
  EXPECT_EQ(std::ranges::count(answers, 'l'), 60);
}

TEST_F(PendingWritesTest, WithABatchThatAnotherThreadLosesGoesWhatCameBehindIt) {
  FailWrites();
  BeginSets(*client_, 0, 60);
  Begin(*client_, {"get", "large0"});
  server_->EndTurn();
  EXPECT_FALSE(server_->access().HasPending());
  const std::string lost = client_->Received();
  EXPECT_EQ(std::ranges::count(lost, '('), 61) << lost;
  EXPECT_THAT(lost, testing::Not(HasSubstr("OK")));
  EXPECT_EQ(Line("dbsize"), "0");
  EXPECT_EQ(Line("get large0"), "(nil)");
}

TEST_F(PendingWritesTest, AnswersOfABatchThatAnotherThreadHasWrittenStand) {
  BeginSets(*client_, 0, 60);
  RunJobs();
  BeginSets(*client_, 60, 100);
  FailWrites();
  {
    Client other(*this, "127.0.0.1:50001");
    BeginSets(other, 100, 110);
  }
  server_->EndTurn();
  const std::string answers = client_->Received();
  size_t written = 0;
  for (size_t at = answers.find("OK"); at != std::string::npos; at = answers.find("OK", at + 2)) ++written;
  EXPECT_GT(written, 20u);
  EXPECT_LT(written, 60u);
  EXPECT_EQ(std::ranges::count(answers, '('), 100 - static_cast<int>(written));
  EXPECT_EQ(Line("dbsize"), std::to_string(written));
}

TEST_F(PendingWritesTest, OneRecordStandsForAllOfAKeyThatCommandsChangeInTurn) {
  EXPECT_EQ(Line("set other 1"), "OK");
  const uint64_t before = LastSequence();
  for (int i = 0; i < 10; ++i) Begin(*client_, {"incr", "a"});
  Begin(*client_, {"incr", "other"});
  for (int i = 0; i < 10; ++i) Begin(*client_, {"incr", "a"});
  server_->EndTurn();
  EXPECT_EQ(LastSequence(), before + 3);
  static_cast<void>(client_->Received());
  Crash();
  EXPECT_EQ(Line("mget a other"), "[\"20\", \"2\"]");
}

TEST_F(PendingWritesTest, TheLostWritesOfATurnAreAnsweredSoAndNoOthers) {
  Client other(*this, "127.0.0.1:50001");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("client reply off"), "");
  Begin(*client_, {"set", "quiet", "1"});
  Begin(*client_, {"client", "reply", "on"});  // Has what is pending written.
  Begin(*client_, {"set", "kept", "1"});
  Begin(*client_, {"ping"});  // So has this.
  Begin(other, {"get", "a"});
  Begin(*client_, {"set", "a", "2"});
  Begin(other, {"get", "a"});
  Begin(*client_, {"rpush", "list", "x"});
  Begin(*client_, {"get", "a"});
  FailWrites();
  server_->EndTurn();
  const std::string lost = client_->Received();
  EXPECT_THAT(lost, StartsWith("OK OK PONG (error) MISCONF ")) << "the answers before were true";
  EXPECT_EQ(std::ranges::count(lost, '('), 3) << lost;
  EXPECT_THAT(other.Received(), StartsWith("\"1\" (error) MISCONF ")) << "it has read what was lost";
  EXPECT_FALSE(client_->is_closed());
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("exists list quiet kept"), "2");
  EXPECT_EQ(Line("dbsize"), "3");
}

TEST_F(PendingWritesTest, ASortedSetShowsWhatIsPutBelowAnEndThatWasTaken) {
  for (const std::string pop : {"zpopmin", "zpopmax"}) {
    std::vector<std::string> fill = {"zadd", "z"};
    for (int i = 100; i < 300; ++i) fill.insert(fill.end(), {std::to_string(i), "m" + std::to_string(i)});
    EXPECT_EQ(Send({"del", "z"}).size(), 1u);
    EXPECT_EQ(Send(fill), "200");
    const bool is_low = pop == "zpopmin";
    EXPECT_EQ(Send({pop, "z", "2"}).empty(), false);
    Begin(*client_, {pop, "z"});
    Begin(*client_, {"zadd", "z", is_low ? "-5" : "1000", "a", "500", "m200"});
    Begin(*client_, {pop, "z"});
    server_->EndTurn();
    EXPECT_THAT(client_->Received(), HasSubstr(is_low ? "[\"a\", \"-5\"]" : "[\"a\", \"1000\"]"));
    EXPECT_EQ(Send({"zcard", "z"}), "197");
  }
}

TEST_F(PendingWritesTest, ASortedSetShowsWhatIsPutWhileAnotherThreadTakesItsEnd) {
  std::vector<std::string> fill = {"zadd", "z"};
  for (int i = 100; i < 300; ++i) fill.insert(fill.end(), {std::to_string(i), "m" + std::to_string(i)});
  EXPECT_EQ(Send(fill), "200");
  Begin(*client_, {"zpopmin", "z"});
  BeginSets(*client_, 0, 50);  // Another thread has both.
  Begin(*client_, {"zadd", "z", "-1", "low"});
  RunJobs();
  BeginSets(*client_, 50, 100);  // It has the rest, and is through with the first.
  Begin(*client_, {"zrange", "z", "0", "0"});
  server_->EndTurn();
  EXPECT_THAT(client_->Received(), HasSubstr("[\"low\"]"));
}

TEST_F(PendingWritesTest, ReadsAndDeletesGoOnWhileWritesAreRefused) {
  EXPECT_EQ(Line("mset a 1 b 2"), "OK");
  FailWrites();
  EXPECT_THAT(Line("set x 1"), StartsWith("(error) MISCONF "));
  Begin(*client_, {"set", "x", "1"});
  Begin(*client_, {"get", "a"});
  server_->EndTurn();
  EXPECT_THAT(client_->Received(), testing::EndsWith(" \"1\"")) << "it is answered by itself";
}

TEST_F(PendingWritesTest, WhoWaitsIsServedWithWhatIsWritten) {
  Client waiter(*this, "127.0.0.1:50001");
  EXPECT_EQ(waiter.Line("blpop q 0"), "");
  FailWrites();
  EXPECT_THAT(Line("lpush q x"), StartsWith("(error) MISCONF "));
  EXPECT_EQ(waiter.Received(), "") << "it waits on";
}

TEST_F(PendingWritesTest, AQueuedCommandIsNoneOfThem) {
  Client other(*this, "127.0.0.1:50001");
  EXPECT_EQ(other.Line("multi"), "OK");
  Begin(*client_, {"set", "a", "1"});
  Begin(other, {"set", "b", "1"});
  FailWrites();
  server_->EndTurn();
  EXPECT_EQ(other.Received(), "QUEUED");
  EXPECT_THAT(client_->Received(), StartsWith("(error) MISCONF "));
}

TEST_F(PendingWritesTest, AWalkShowsThem) {
  EXPECT_EQ(Line("config set hash-max-listpack-entries 1"), "OK");
  EXPECT_EQ(Line("hset h a 1 b 2 c 3"), "3");
  Begin(*client_, {"hset", "h", "d", "4"});
  Begin(*client_, {"hgetall", "h"});
  server_->EndTurn();
  EXPECT_THAT(client_->Received(), HasSubstr("\"d\""));
}

TEST_F(PendingWritesTest, AWalkThatCannotSeeThemFailsWithThem) {
  EXPECT_EQ(Line("config set hash-max-listpack-entries 1"), "OK");
  EXPECT_EQ(Line("hset h a 1 b 2 c 3"), "3");
  Begin(*client_, {"hset", "h", "d", "4"});
  FailWrites();
  Begin(*client_, {"hgetall", "h"});
  server_->EndTurn();
  EXPECT_EQ(std::ranges::count(client_->Received(), '('), 2);
  EXPECT_EQ(Line("hlen h"), "3");
  EXPECT_EQ(Line("hget h d"), "(nil)");
}

TEST_F(PendingWritesTest, AClientThatLeavesTakesItsAnswersAlong) {
  {
    Client other(*this, "127.0.0.1:50001");
    Begin(other, {"set", "a", "1"});
    Begin(*client_, {"set", "b", "1"});
  }
  FailWrites();
  server_->EndTurn();
  EXPECT_THAT(client_->Received(), StartsWith("(error) MISCONF "));
}

TEST_F(PendingWritesTest, AnEventTellsOfWhatIsWritten) {
  EXPECT_EQ(Line("config set notify-keyspace-events KEA"), "OK");
  Client listener(*this, "127.0.0.1:50001");
  EXPECT_EQ(listener.Line("psubscribe *"), "[\"psubscribe\", \"*\", 1]");
  FailWrites();
  Begin(*client_, {"set", "a", "1"});
  Begin(*client_, {"set", "b", "1"});
  server_->EndTurn();
  EXPECT_EQ(std::ranges::count(client_->Received(), '('), 2);
  EXPECT_EQ(listener.Received(), "");
}

// The same commands, by three clients, in turns of one and in turns of many.
class TurnsTest : public ServerTest, public testing::WithParamInterface<uint64_t> {
 protected:
  std::string Answers(size_t turn) {
    base::Random random(GetParam());
    torture::DrawnCommands drawn(random);
    std::array<Client, 3> clients = {Client(*this, "127.0.0.1:1"), Client(*this, "127.0.0.1:2"),
                                     Client(*this, "127.0.0.1:3")};
    std::array<std::string, 3> answers;
    EXPECT_EQ(clients[0](torture::DrawnCommands::LoadLibrary()), "\"drawn\"");
    for (int i = 1; i <= 1500; ++i) {
      const auto command = random.OneIn(12) ? drawn.DrawScript() : drawn.Draw();
      // So that another thread has some to write.
      server_->Receive(clients[0].session(), Encode({"set", "large" + std::to_string(i), std::string(600, 'v')}));
      server_->Receive(clients[random.Below(clients.size())].session(), Encode(command));
      if (i % 300 == 0 || i % turn == 0) server_->EndTurn();
      if (i % 300 == 0) Pass(std::chrono::milliseconds(700));
    }
    server_->EndTurn();
    for (size_t i = 0; i < clients.size(); ++i) answers[i] = clients[i].TakeSent();
    return answers[0] + answers[1] + answers[2];
  }
};

TEST_P(TurnsTest, OfManyCommandsAnswerAsThoseOfOne) {
  const bool is_exploded_early = GetParam() % 2 == 0;
  for (const char* const setting :
       {"hash-max-listpack-entries", "zset-max-listpack-entries", "set-max-listpack-entries"}) {
    if (is_exploded_early) Configure(setting, "2");
  }
  if (is_exploded_early) Configure("list-max-listpack-size", "2");
  const std::string each = Answers(1);
  client_.reset();
  server_.reset();
  space_.reset();
  environment_ = NewInMemoryEnvironment();
  clock_ = {};
  Open();
  const std::string many = Answers(1 + GetParam() * 7);
  const auto [at, other] = std::ranges::mismatch(each, many);
  EXPECT_TRUE(each == many) << "from byte " << at - each.begin() << ": " << std::string(at, each.end()).substr(0, 80)
                            << "\nis in long turns: " << std::string(other, many.end()).substr(0, 80);
}
INSTANTIATE_TEST_SUITE_P(Seeds, TurnsTest, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace amethyst::server
