// Covers: fetcher, server_waits
#include "server/net/fetcher.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>

#include "tests/server/server_fixture.h"

namespace amethyst::server {
namespace {

// Reads when the test says so.
class HeldFetcher final : public Fetcher {
 public:
  void Fetch(std::function<void()> read, std::function<void()> done) override {
    waiting.emplace_back(std::move(read), std::move(done));
  }
  void Finish() {
    for (auto& [read, done] : std::exchange(waiting, {})) {
      read();
      done();
    }
  }

  std::deque<std::pair<std::function<void()>, std::function<void()>>> waiting;
};

class Fetches : public ServerTest {
 protected:
  // What was written so far is on the disk alone.
  void LeaveMemory() {
    ASSERT_TRUE(space_->db().Flush());
    Restart();
    server_->SetFetcher(&fetcher_);
  }
  void Finish() {
    fetcher_.Finish();
    server_->EndTurn();
  }
  // Of the keys, by a key that it excludes.
  void LoadFilter() {
    EXPECT_EQ(Line("get none"), "");
    Finish();
    EXPECT_EQ(client_->Received(), "(nil)");
  }

  HeldFetcher fetcher_;
};

TEST_F(Fetches, LetOthersRunWhileOneWaitsForTheDisk) {
  EXPECT_EQ(Line("set a 1"), "OK");
  LeaveMemory();
  Client other(*this, "10.0.0.2:1");
  EXPECT_EQ(Line("get a"), "");
  EXPECT_EQ(fetcher_.waiting.size(), 1U);
  EXPECT_EQ(other.Line("set b 2"), "OK");
  EXPECT_EQ(other.Line("get b"), "\"2\"");
  Finish();
  EXPECT_EQ(client_->Received(), "\"1\"");
  EXPECT_EQ(Line("get a"), "\"1\"") << "it is in memory now";
  EXPECT_TRUE(fetcher_.waiting.empty());
}

TEST_F(Fetches, KeepTheOrderOfASessionsReplies) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("set b 2"), "OK");
  LeaveMemory();
  EXPECT_EQ(client_->Raw("get a\r\nset a 3\r\nget a\r\n"), "");
  EXPECT_EQ(client_->Raw("echo x\r\n"), "") << "what comes later waits, too";
  EXPECT_EQ(fetcher_.waiting.size(), 1U);
  Finish();
  EXPECT_EQ(client_->Received(), "\"1\" OK \"3\" \"x\"");
}

TEST_F(Fetches, ThatComeBackWhileAScriptIsBusyWaitForItsEnd) {
  EXPECT_EQ(Line("set a 1"), "OK");
  LeaveMemory();
  Configure("busy-reply-threshold", "100");
  Client other(*this, "10.0.0.2:1");
  Client killer(*this, "10.0.0.3:1");
  EXPECT_EQ(Line("get a"), "");
  WhileBusy([&] {
    Finish();
    EXPECT_EQ(client_->Received(), "");
    EXPECT_EQ(client_->Raw("echo x\r\n"), "") << "its turn has not come";
    EXPECT_EQ(killer.Line("script kill"), "OK");
  });
  EXPECT_EQ(other({"eval", "while true do end", "0"}).substr(0, 30), "(error) ERR Script killed by u");
  EXPECT_EQ(client_->Received(), "\"1\" \"x\"");
}

TEST_F(Fetches, BringAllKeysOfACommandAtOnce) {
  EXPECT_EQ(Line("mset a 1 b 2 c 3"), "OK");
  LeaveMemory();
  EXPECT_EQ(Line("mget a b none c"), "");
  Finish();
  EXPECT_EQ(client_->Received(), "[\"1\", \"2\", (nil), \"3\"]");
  EXPECT_EQ(server_->counters().lookups.hits, 3U);
  EXPECT_EQ(server_->counters().lookups.misses, 1U);
  EXPECT_EQ(server_->command_counters().at("mget").calls, 1U);
}

TEST_F(Fetches, SeeWhatWasWrittenMeanwhile) {
  EXPECT_EQ(Line("set a 1"), "OK");
  LeaveMemory();
  Client other(*this, "10.0.0.2:1");
  EXPECT_EQ(Line("incr a"), "");
  EXPECT_EQ(other.Line("set a 5"), "");
  Finish();
  EXPECT_EQ(client_->Received(), "2");
  EXPECT_EQ(other.Received(), "OK");
  EXPECT_EQ(Line("get a"), "\"5\"");
}

TEST_F(Fetches, AreNotNeededToWriteOverWhatIsOnTheDisk) {
  EXPECT_EQ(Line("mset a 1 b 2 c 3 d 4"), "OK");
  EXPECT_EQ(Line("expire d 100"), "1");
  LeaveMemory();
  LoadFilter();
  EXPECT_EQ(Line("set a 5"), "OK");
  EXPECT_EQ(Line("setex b 100 6"), "OK");
  EXPECT_EQ(Line("mset c 7 d 8 new 9"), "OK");
  EXPECT_TRUE(fetcher_.waiting.empty());
  EXPECT_EQ(Line("mget a b c d new"), "[\"5\", \"6\", \"7\", \"8\", \"9\"]");
  EXPECT_EQ(Line("ttl b"), "100");
  EXPECT_EQ(Line("ttl d"), "-1");
  EXPECT_EQ(Line("dbsize"), "5") << "the filter knows of the new one";
  LeaveMemory();
  for (const std::string option : {"nx", "xx", "get", "keepttl"}) {
    LoadFilter();
    EXPECT_EQ(Line("set a 1 " + option), "") << option << " asks what was there";
    Finish();
    LeaveMemory();
  }
}

TEST_F(Fetches, ThatAWriteDoesWithoutLeaveAnEstimateUntilTheNextStart) {
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Line("set " + std::to_string(i) + " 1"), "OK");
  LeaveMemory();
  LoadFilter();
  for (int i = 200; i < 1200; ++i) EXPECT_EQ(Line("set " + std::to_string(i) + " 1"), "OK");
  EXPECT_NE(Line("dbsize"), "1200") << "the filter is wrong about one of a hundred";
  Restart();
  EXPECT_EQ(Line("dbsize"), "1200");
}

TEST_F(Fetches, AreNotNeededToWriteOverACollectionWhichGoesAllTheSame) {
  EXPECT_EQ(Line("config set hash-max-listpack-entries 1"), "OK");
  EXPECT_EQ(Line("hset h a 1 b 2 c 3"), "3");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Line("set " + std::to_string(i) + " 1"), "OK");
  LeaveMemory();
  LoadFilter();
  EXPECT_EQ(Line("set h text"), "OK");
  const auto is_left = [this] {
    Iterator entries = space_->family(Part::kData).NewIterator();
    entries.SeekToFirst();
    return entries.Valid();
  };
  EXPECT_TRUE(is_left()) << "nobody has read that there is one";
  for (int i = 0; i < 3; ++i) server_->Tick();
  EXPECT_FALSE(is_left());
  EXPECT_EQ(Line("get h"), "\"text\"");
  EXPECT_EQ(Line("dbsize"), "21");
}

TEST_F(Fetches, BringTheKeysThatAScriptNames) {
  EXPECT_EQ(Line("mset a 1 b 2"), "OK");
  LeaveMemory();
  Client other(*this, "10.0.0.2:1");
  EXPECT_EQ(Send({"eval", "return {redis.call('get', KEYS[1]), redis.call('get', KEYS[2])}", "2", "a", "b"}), "");
  EXPECT_EQ(other.Line("echo x"), "\"x\"") << "it goes on meanwhile";
  EXPECT_EQ(fetcher_.waiting.size(), 1U);
  Finish();
  EXPECT_EQ(client_->Received(), "[\"1\", \"2\"]");
  EXPECT_TRUE(fetcher_.waiting.empty());
  EXPECT_EQ(server_->command_counters().at("eval").calls, 1U);
}

TEST_F(Fetches, BringTheKeysOfATransaction) {
  EXPECT_EQ(Line("mset a 1 b 2"), "OK");
  LeaveMemory();
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("incr a"), "QUEUED");
  EXPECT_EQ(Line("get b"), "QUEUED");
  EXPECT_EQ(Line("exec"), "");
  EXPECT_EQ(client_->Raw("get a\r\n"), "") << "what comes later waits, too";
  EXPECT_EQ(fetcher_.waiting.size(), 1U);
  Finish();
  EXPECT_EQ(client_->Received(), "[2, \"2\"] \"2\"");
  EXPECT_TRUE(fetcher_.waiting.empty());
}

TEST_F(Fetches, OfATransactionDoNotHideWhatWatchersMustSee) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Send({"set", "b", std::string(100'000, 'x')}), "OK");  // In a block of its own.
  LeaveMemory();
  Client other(*this, "10.0.0.2:1");
  EXPECT_EQ(Line("watch a"), "OK");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("append b x"), "QUEUED");
  EXPECT_EQ(Line("exec"), "");
  EXPECT_EQ(other.Line("set a 5"), "OK");
  Finish();
  EXPECT_EQ(client_->Received(), "(nil array)");
  EXPECT_EQ(Line("strlen b"), "100000");
}

TEST_F(Fetches, AreNotNeededByATransactionThatWritesOverWhatIsThere) {
  EXPECT_EQ(Line("mset a 1 b 2"), "OK");
  LeaveMemory();
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("set a 3"), "QUEUED");
  EXPECT_EQ(Line("mset a 4 b 5"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[OK, OK]");
  EXPECT_TRUE(fetcher_.waiting.empty());
}

TEST_F(Fetches, AreNotWaitedForByUnnamedKeysAndWalks) {
  EXPECT_EQ(Line("set a 1"), "OK");
  for (int i = 0; i < 300; ++i) EXPECT_EQ(Line("rpush l " + std::to_string(i)), std::to_string(i + 1));
  LeaveMemory();
  EXPECT_EQ(Send({"eval", "return redis.call('get', 'a')", "0"}), "\"1\"");
  LeaveMemory();
  EXPECT_EQ(Line("lrange l 0 0"), "") << "its record";
  Finish();
  EXPECT_EQ(client_->Received(), "[\"0\"]");
  EXPECT_TRUE(fetcher_.waiting.empty());
}

TEST(DiskPace, TellsWhetherReadsAreFastOfLate) {
  DiskPace pace;
  EXPECT_FALSE(pace.is_fast()) << "nothing is known yet";
  for (int i = 0; i < 1000; ++i) pace.Note(10);
  EXPECT_TRUE(pace.is_fast());
  pace.Note(1'000'000);
  EXPECT_TRUE(pace.is_fast()) << "one thread was made to wait";
  for (int i = 0; i < 100; ++i) pace.Note(100);
  EXPECT_FALSE(pace.is_fast());
}

TEST_F(Fetches, AreForDisksThatAreSlow) {
  constexpr int kKeys = 400;  // Each has a block of its own.
  for (int i = 0; i < kKeys; ++i) EXPECT_EQ(Send({"set", std::to_string(i), std::string(5000, 'x')}), "OK");
  LeaveMemory();
  std::vector<bool> fetched;
  for (int i = 0; i < kKeys; ++i) {
    fetched.push_back(Send({"strlen", std::to_string(i)}).empty());
    Finish();  // The clock stands still meanwhile.
    if (fetched.back()) EXPECT_EQ(client_->Received(), "5000");
  }
  EXPECT_TRUE(fetched.front()) << "nothing is known of the disk yet";
  EXPECT_FALSE(fetched.back());
}

TEST_F(Fetches, AreCountedAsOneCommand) {
  EXPECT_EQ(Line("hset h f v"), "1");
  EXPECT_EQ(Line("config set hash-max-listpack-entries 0"), "OK");
  EXPECT_EQ(Line("hset g f v"), "1");  // Its fields are entries of their own.
  for (int round = 0; round < 3; ++round) {
    LeaveMemory();
    const uint64_t before = server_->counters().commands;
    EXPECT_EQ(Line("hget g f"), "");
    Finish();
    while (!fetcher_.waiting.empty()) Finish();
    EXPECT_EQ(client_->Received(), "\"v\"");
    EXPECT_EQ(server_->counters().commands, before + 1);
    EXPECT_EQ(client_->session().held.fetches, 0) << "it is of one request";
  }
}

TEST_F(Fetches, BringTheKeyOfAnotherDatabase) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("select 1"), "OK");
  EXPECT_EQ(Line("set a 2"), "OK");
  LeaveMemory();
  EXPECT_EQ(Line("move a 1"), "");
  int rounds = 0;
  for (; !fetcher_.waiting.empty() && rounds < 10; ++rounds) Finish();
  EXPECT_EQ(client_->Received(), "0");
  EXPECT_LE(rounds, 2);
}

TEST_F(Fetches, DoNotHideFromWatchersThatDatabasesWereSwapped) {
  EXPECT_EQ(Line("select 1"), "OK");
  EXPECT_EQ(Line("set k 1"), "OK");
  LeaveMemory();
  Client other(*this, "10.0.0.2:1");
  EXPECT_EQ(Line("watch k"), "OK");
  while (!fetcher_.waiting.empty()) Finish();
  server_->space().records().Clear();
  EXPECT_EQ(other.Line("swapdb 0 1"), "OK");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("set k x"), "QUEUED");
  EXPECT_EQ(Line("exec"), "(nil array)");
}

TEST_F(Fetches, OfASessionThatIsToCloseDoNothing) {
  EXPECT_EQ(Line("set a 1"), "OK");
  LeaveMemory();
  Client other(*this, "10.0.0.2:1");
  EXPECT_EQ(other.Line("incr a"), "");
  other.session().closes = true;
  Finish();
  EXPECT_EQ(Line("get a"), "\"1\"");
}

TEST_F(Fetches, MayEndAfterTheirSession) {
  EXPECT_EQ(Line("set a 1"), "OK");
  LeaveMemory();
  {
    Client other(*this, "10.0.0.2:1");
    EXPECT_EQ(other.Line("get a"), "");
  }
  Finish();
  EXPECT_EQ(Line("get a"), "\"1\"");
}

}  // namespace
}  // namespace amethyst::server
