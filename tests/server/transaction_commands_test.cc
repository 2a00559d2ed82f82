// Covers: transaction_commands, watches, session
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;

class TransactionCommands : public ServerTest {
 protected:
  // The answer of a transaction that sets t, behind a WATCH.
  std::string Exec() {
    EXPECT_EQ(Line("multi"), "OK");
    EXPECT_EQ(Line("set t 1"), "QUEUED");
    return Line("exec");
  }
  Client other_{*this, "127.0.0.1:50001"};
};

TEST_F(TransactionCommands, RunAsOne) {
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("set a 1"), "QUEUED");
  EXPECT_EQ(Line("incr a"), "QUEUED");
  EXPECT_EQ(other_.Line("get a"), "(nil)");
  EXPECT_EQ(Line("get a"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[OK, 2, \"2\"]");
  EXPECT_EQ(other_.Line("get a"), "\"2\"");
  EXPECT_EQ(Line("exec"), "(error) ERR EXEC without MULTI");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("exec"), "[]");
}

TEST_F(TransactionCommands, AreDiscarded) {
  EXPECT_EQ(Line("discard"), "(error) ERR DISCARD without MULTI");
  EXPECT_EQ(Line("watch a"), "OK");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("set a 1"), "QUEUED");
  EXPECT_EQ(Line("discard"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(other_.Line("set a 2"), "OK");
  EXPECT_EQ(Exec(), "[OK]") << "DISCARD forgets what was watched";
}

TEST_F(TransactionCommands, ThatWereRefusedWhenQueuedDoNotRun) {
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("multi"), "(error) ERR MULTI calls can not be nested");
  EXPECT_EQ(Line("watch a"), "(error) ERR WATCH inside MULTI is not allowed");
  EXPECT_EQ(Line("set a"), "(error) ERR wrong number of arguments for 'set' command");
  EXPECT_EQ(Line("set a 1"), "QUEUED");
  EXPECT_EQ(Line("exec"), "(error) EXECABORT Transaction discarded because of previous errors.");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("nosuch"), "(error) ERR unknown command 'nosuch', with args beginning with: ");
  EXPECT_EQ(Line("exec"), "(error) EXECABORT Transaction discarded because of previous errors.");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("save"), "(error) ERR Command not allowed inside a transaction");
  EXPECT_EQ(Line("exec"), "(error) EXECABORT Transaction discarded because of previous errors.");
}

TEST_F(TransactionCommands, GoOnBehindAnErrorWithin) {
  EXPECT_EQ(Line("set n x"), "OK");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("set a 1"), "QUEUED");
  EXPECT_EQ(Line("incr n"), "QUEUED");
  EXPECT_EQ(Line("set b 2"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[OK, (error) ERR value is not an integer or out of range, OK]");
  EXPECT_EQ(Line("mget a b"), "[\"1\", \"2\"]");
}

TEST_F(TransactionCommands, SelectForWhatComesBehind) {
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("select 4"), "QUEUED");
  EXPECT_EQ(Line("set a four"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[OK, OK]");
  EXPECT_EQ(Line("get a"), "\"four\"");
  EXPECT_EQ(other_.Line("get a"), "(nil)");
}

TEST_F(TransactionCommands, DoNotRunOverAChange) {
  struct Case {
    std::string_view change;
    bool by_other;
  };
  for (const auto& [change, by_other] : {Case{"set a 2", true}, Case{"set a 1", true}, Case{"expire a 100", true},
                                         Case{"del a", true}, Case{"set a 1", false}, Case{"rename a b", true},
                                         Case{"flushall", true}, Case{"flushdb", true}, Case{"move a 5", true}}) {
    EXPECT_EQ(Line("flushall"), "OK");
    EXPECT_EQ(Line("set a 1"), "OK");
    EXPECT_EQ(Line("watch a"), "OK");
    EXPECT_THAT(by_other ? other_.Line(change) : Line(change), testing::AnyOf("OK", "1"));
    EXPECT_EQ(Exec(), "(nil array)") << change;
    EXPECT_EQ(Exec(), "[OK]") << "EXEC forgets what was watched";
  }
}

TEST_F(TransactionCommands, DoNotRunOverAKeyThatCameAndWent) {
  EXPECT_EQ(Line("watch a"), "OK");
  EXPECT_EQ(other_.Line("set a 1"), "OK");
  EXPECT_EQ(other_.Line("del a"), "1");
  EXPECT_EQ(Exec(), "(nil array)");
}

TEST_F(TransactionCommands, RunOverWhatIsNoChange) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("watch a absent"), "OK");
  EXPECT_EQ(other_.Line("get a"), "\"1\"");
  EXPECT_EQ(other_.Line("set b 1"), "OK");
  EXPECT_EQ(other_.Line("del absent"), "0");
  EXPECT_EQ(other_.Line("select 2"), "OK");
  EXPECT_EQ(other_.Line("set a 2"), "OK") << "of another database";
  EXPECT_EQ(Exec(), "[OK]");
  EXPECT_EQ(Line("watch absent"), "OK");
  EXPECT_EQ(other_.Line("flushall"), "OK");
  EXPECT_EQ(Exec(), "[OK]");
  EXPECT_EQ(Line("watch a"), "OK");
  EXPECT_EQ(Line("unwatch"), "OK");
  EXPECT_EQ(Line("set a 3"), "OK");
  EXPECT_EQ(Exec(), "[OK]");
}

TEST_F(TransactionCommands, DoNotRunOverAKeyThatHasExpiredSince) {
  for (const bool is_reaped : {false, true}) {
    EXPECT_EQ(Line("set a 1 px 10"), "OK");
    EXPECT_EQ(Line("watch a"), "OK");
    clock_.Advance(milliseconds(10));
    if (is_reaped) server_->Tick();
    EXPECT_EQ(Exec(), "(nil array)");
  }
}

TEST_F(TransactionCommands, RunOverAKeyThatHadExpiredBefore) {
  for (const bool is_reaped : {false, true}) {
    EXPECT_EQ(Line("set a 1 px 10"), "OK");
    clock_.Advance(milliseconds(10));
    EXPECT_EQ(Line("watch a"), "OK");
    if (is_reaped) server_->Tick();
    EXPECT_EQ(Exec(), "[OK]");
  }
  EXPECT_EQ(Line("set a 1 px 10"), "OK");
  clock_.Advance(milliseconds(10));
  EXPECT_EQ(Line("watch a"), "OK");
  EXPECT_EQ(other_.Line("set a 2"), "OK");
  EXPECT_EQ(Exec(), "(nil array)") << "a new value is a change";
}

TEST_F(TransactionCommands, FollowTheNumbersOfDatabases) {
  EXPECT_EQ(Line("watch a b"), "OK");
  EXPECT_EQ(other_.Line("swapdb 0 1"), "OK");
  EXPECT_EQ(Exec(), "[OK]") << "neither database has it";
  EXPECT_EQ(Line("flushall"), "OK");
  EXPECT_EQ(Line("watch a"), "OK");
  EXPECT_EQ(other_.Line("swapdb 0 1"), "OK");
  EXPECT_EQ(other_.Line("set a 1"), "OK");
  EXPECT_EQ(Exec(), "(nil array)") << "the key of database 0 has come";
  EXPECT_EQ(Line("watch a"), "OK");
  EXPECT_EQ(other_.Line("swapdb 0 1"), "OK");
  EXPECT_EQ(Exec(), "(nil array)") << "it has gone to the other number";
}

}  // namespace
}  // namespace amethyst::server
