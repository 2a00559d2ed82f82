// Transactions and conditional writes. Covers: transaction_commands, target, session, shell, point_commands
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>

#include "cli/shell_fixture.h"
#include "io/system_environment.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

using ShellTransactions = ShellTest;

TEST_F(ShellTransactions, WhatStandsBetweenBeginAndCommitIsOne) {
  ASSERT_EQ(Pipe("put a 1\nput b 2\nput x 3\nput y1 4\n").code, ExitCode::kOk);
  const Answer answer = Pipe(
      "begin\nget a\nput c 5\ndelete a b\ndeleterange x y\ndeleteprefix y\nscan\ncount\nget c\nexpiry c\n"
      "commit\nscan\n");
  EXPECT_EQ(answer.out, "1\n2\n1\n1\nc\t5\n1\n5\nnever\nc\t5\n");
  EXPECT_EQ(answer.err, "");
  EXPECT_EQ(answer.code, ExitCode::kOk);
}

TEST_F(ShellTransactions, RollbackWritesNothingOrGoesBackToASavepoint) {
  ASSERT_EQ(Pipe("put a 1\n").code, ExitCode::kOk);
  EXPECT_EQ(Pipe("begin\nput a 2\nrollback\nget a\n").out, "1\n");
  const Answer nested = Pipe(
      "begin\nput a 2\nsavepoint\nput a 3\nsavepoint\ndelete --quiet a\nrollback to savepoint\nget a\n"
      "rollback to savepoint\nget a\ncommit\nget a\n");
  EXPECT_EQ(nested.out, "3\n2\n2\n");
  EXPECT_EQ(nested.code, ExitCode::kOk);
  const Answer none = Pipe("begin\nrollback to savepoint\n");
  EXPECT_THAT(none.err, HasSubstr("savepoint"));
  EXPECT_EQ(none.code, ExitCode::kError);
}

TEST_F(ShellTransactions, AScriptThatEndsBeforeCommitRollsBackAndSaysSo) {
  const Answer cut = Pipe("begin\nput a 1\n");
  EXPECT_THAT(cut.err, HasSubstr("rolled back: nothing of it was written"));
  EXPECT_EQ(cut.code, ExitCode::kUsage);
  EXPECT_EQ(Pipe("begin\nput a 1\nquit\n").code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"get", "a"}).code, ExitCode::kNotFound);
}

TEST_F(ShellTransactions, ABadLineOfAScriptLetsCommitWriteNothing) {
  for (const std::string bad : {"putt b 2", "put b", "put \"b", "merge b 2", "begin"}) {
    const Answer answer = Pipe("begin\nput a 1\n" + bad + "\ncommit\n");
    EXPECT_THAT(answer.err, HasSubstr("a line since begin has failed")) << bad;
    EXPECT_GE(answer.code, ExitCode::kUsage) << bad;
    EXPECT_EQ(Amethyst({"get", "a"}).code, ExitCode::kNotFound) << bad;
  }
  EXPECT_EQ(Pipe("put b\nbegin\nget b\nput a 1\ncommit\n").code, ExitCode::kUsage) << "the line before begin";
  EXPECT_EQ(Amethyst({"get", "a"}).out, "1\n") << "a key that is not there is no failure";
}

// A second passes whenever somebody asks for the time.
class RushingEnvironment final : public io::Environment, public io::Clock {
 public:
  io::FileSystem& files() override { return base_->files(); }
  io::Clock& clock() override { return *this; }
  Result<std::unique_ptr<io::Executor>> NewExecutor(uint32_t threads) override { return base_->NewExecutor(threads); }

  std::chrono::nanoseconds Monotonic() override { return base_->clock().Monotonic(); }
  std::chrono::milliseconds WallTime() override { return now_.fetch_add(1) * std::chrono::milliseconds(1000); }
  void Sleep(std::chrono::microseconds duration) override { base_->clock().Sleep(duration); }

 private:
  const std::shared_ptr<io::Environment> base_ = io::DefaultEnvironment();
  std::atomic<int64_t> now_ = 1'700'000'000;
};

TEST_F(ShellTransactions, AConflictHasAnExitCodeOfItsOwnAndSaysToRunItAgain) {
  std::string lines = "put --ttl 1h short 1\nbegin\nget short\nput a 1\n";
  for (int i = 0; i < 3600; ++i) lines += "expiry short\n";  // Each asks for the time.
  std::istringstream in(lines + "commit\nget a\n");
  std::ostringstream out;
  std::ostringstream err;
  Console console(in, out, err);
  Components components;
  components.environment = std::make_shared<RushingEnvironment>();
  EXPECT_EQ(RunProgram({"--db", database_}, console, std::move(components)), ExitCode::kConflict);
  EXPECT_THAT(err.str(), HasSubstr("a value that was read has expired after the transaction began; run it again"));
  EXPECT_THAT(err.str(), HasSubstr("from `begin` on"));
  EXPECT_THAT(err.str(), HasSubstr("not found: a"));
}

TEST_F(ShellTransactions, FamiliesAreChosenAsElsewhere) {
  ASSERT_EQ(Amethyst({"family", "create", "users"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"family", "create", "visits", "--merge", "int64.add"}).code, ExitCode::kOk);
  const Answer answer = Pipe(
      "begin\nput k 1\nput --family users k 2\nuse visits\nincr k 5\nmerge --as int64 k 2\nget --as int64 k\n"
      "use users\nget k\nput --ttl 1h t 1\nget --json t\ncommit\nget k\n");
  EXPECT_THAT(answer.out,
              testing::MatchesRegex("5\n7\n2\n\\{\"key\":\"t\",\"value\":\"1\",\"expires_at\":\".*\"\\}\n2\n"));
  EXPECT_EQ(answer.err, "");
  EXPECT_EQ(Amethyst({"--family", "visits", "get", "--as", "int64", "k"}).out, "7\n");
}

TEST_F(ShellTransactions, CommandsThatCannotBePartOfOneAreRefused) {
  for (const std::string line : {"flush", "compact", "batch", "stats", "verify", "family create f"}) {
    const Answer answer = Pipe("begin\n" + line + "\nrollback\n");
    EXPECT_THAT(answer.err, HasSubstr("not while a transaction is open")) << line;
    EXPECT_EQ(answer.code, ExitCode::kUsage) << line;
  }
  for (const std::string line : {"commit", "rollback", "savepoint", "rollback to"}) {
    EXPECT_EQ(Pipe(line + "\n").code, ExitCode::kUsage) << line;
  }
  EXPECT_THAT(Amethyst({"begin"}).err, HasSubstr("on a line"));
  EXPECT_THAT(Pipe("begin\nbegin\n").err, HasSubstr("a transaction is open"));
  EXPECT_THAT(Amethyst({"--read-only"}, "begin\n").err, HasSubstr("--read-only"));
}

TEST_F(ShellTransactions, ConditionalWritesTellIfTheyDidNotWrite) {
  EXPECT_EQ(Amethyst({"put", "--if-absent", "k", "1"}).code, ExitCode::kOk);
  const Answer taken = Amethyst({"put", "--if-absent", "k", "2"});
  EXPECT_EQ(taken.err, "not set: k is 1\n");
  EXPECT_EQ(taken.code, ExitCode::kNotFound);
  EXPECT_EQ(Amethyst({"--json", "put", "--if-absent", "k", "2"}).out,
            "{\"key\":\"k\",\"set\":false,\"value\":\"1\"}\n");
  EXPECT_EQ(Amethyst({"cas", "k", "1", "2"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"cas", "k", "1", "3"}).code, ExitCode::kNotFound);
  EXPECT_EQ(Amethyst({"cas", "absent", "1", "3"}).err, "not set: absent is not there\n");
  EXPECT_EQ(Amethyst({"--json", "cas", "absent", "1", "3"}).out, "{\"key\":\"absent\",\"set\":false,\"value\":null}\n");
  EXPECT_EQ(Amethyst({"get", "k"}).out, "2\n");
  const Answer inside = Pipe("begin\nput --if-absent k 4\nput --if-absent l 5\ncas k 2 6\ncas l 4 7\ncommit\nscan\n");
  EXPECT_EQ(inside.err, "not set: k is 2\nnot set: l is 5\n");
  EXPECT_EQ(inside.out, "k\t6\nl\t5\n");
  EXPECT_EQ(inside.code, ExitCode::kNotFound);
}

TEST_F(ShellTransactions, AnEntryThatTheTransactionHasNoRoomForIsRefused) {
  const std::string large(70 << 20,
                          'x');  // Over a quarter of the memory: without a transaction it is opened with more.
  const Answer answer = Pipe("begin\nput a 1\nput large " + large + "\nrollback\n");
  EXPECT_THAT(answer.err, HasSubstr("limit of the open transaction"));
  EXPECT_THAT(answer.err, HasSubstr("--memory SIZE"));
}

}  // namespace
}  // namespace amethyst::cli
