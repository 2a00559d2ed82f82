// When work that met conflicts may run again, and whom the others let go ahead.
// Covers: attempts, turns, wait_for
#include "amethyst/attempts.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "transactions/optimistic_transaction.h"
#include "transactions/transact.h"
#include "transactions/transaction_fixture.h"
#include "transactions/turns.h"
#include "transactions/wait_for.h"

namespace amethyst {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using support::Text;

constexpr int kConflictsBefore = 8;

void MeetConflicts(Attempts* attempts, int conflicts) {
  for (int i = 0; i < conflicts; ++i) attempts->NoteConflict();
}
// How often it is told to wait before it may go on.
int WaitsOf(Attempts* attempts) {
  int waits = 0;
  while (attempts->Wait() > microseconds(0)) ++waits;
  return waits;
}

class AttemptsTest : public TransactionTest {
 protected:
  [[nodiscard]] int WaitsOfAnother(TurnOf of = TurnOf::kWork) const {
    Attempts other(turns_, of);
    return WaitsOf(&other);
  }

  const std::shared_ptr<transactions::Turns> turns_ = std::make_shared<transactions::Turns>();
};

TEST_F(AttemptsTest, PauseOnceAfterEachConflictAndForLonger) {
  Attempts attempts(turns_, TurnOf::kWork);
  EXPECT_EQ(attempts.Wait(), microseconds(0));
  for (int conflicts = 1; conflicts < kConflictsBefore; ++conflicts) {
    attempts.NoteConflict();
    const microseconds pause = attempts.Wait();
    EXPECT_GT(pause, microseconds(0));
    EXPECT_LE(pause, microseconds(16 << conflicts));
    EXPECT_EQ(attempts.Wait(), microseconds(0));
    EXPECT_EQ(WaitsOfAnother(), 0);
  }
}

TEST_F(AttemptsTest, FromTheEighthConflictOnTheOthersWaitUntilItEnds) {
  std::optional<Attempts> attempts(std::in_place, turns_, TurnOf::kWork);
  MeetConflicts(&*attempts, kConflictsBefore);
  EXPECT_EQ(WaitsOf(&*attempts), 0);
  EXPECT_GT(WaitsOfAnother(), 0);
  MeetConflicts(&*attempts, 1);  // It keeps the turn.
  EXPECT_EQ(WaitsOf(&*attempts), 0);
  Attempts next(turns_, TurnOf::kWork);
  MeetConflicts(&next, kConflictsBefore);
  EXPECT_GT(next.Wait(), microseconds(0));
  attempts.reset();
  EXPECT_EQ(WaitsOf(&next), 0);
  EXPECT_GT(WaitsOfAnother(), 0);  // Now it is the next one's.
}

TEST_F(AttemptsTest, NobodyWaitsForLongerThanATenthOfASecond) {
  Attempts has_it(turns_, TurnOf::kWork);
  MeetConflicts(&has_it, kConflictsBefore);
  EXPECT_EQ(WaitsOf(&has_it), 0);
  Attempts other(turns_, TurnOf::kWork);
  for (int time = 0; time < 2; ++time) {  // Before it begins, and before it commits.
    microseconds waited{};
    for (microseconds wait = other.Wait(); wait > microseconds(0); wait = other.Wait()) waited += wait;
    EXPECT_EQ(waited, milliseconds(100));
  }
}

TEST_F(AttemptsTest, WhatAThreadRunsWithinDoesNotWaitForItsTurn) {
  Attempts outer(turns_, TurnOf::kThread);
  MeetConflicts(&outer, kConflictsBefore);
  EXPECT_EQ(WaitsOf(&outer), 0);
  {
    Attempts inner(turns_, TurnOf::kThread);
    MeetConflicts(&inner, kConflictsBefore);
    EXPECT_EQ(WaitsOf(&inner), 0);
  }
  EXPECT_EQ(WaitsOfAnother(TurnOf::kThread), 0);
  EXPECT_GT(WaitsOfAnother(TurnOf::kWork), 0);  // The inner one has not given back what is the outer one's.
  std::thread([&] { EXPECT_GT(WaitsOfAnother(TurnOf::kThread), 0); }).join();
  const auto others = std::make_shared<transactions::Turns>();
  Attempts of_another_database(others, TurnOf::kWork);
  EXPECT_EQ(WaitsOf(&of_another_database), 0);
}

// The other has waited before its begin and before its commit, each for as long as anybody does.
TEST_F(AttemptsTest, TransactCallsWaitForTheTurnBeforeTheyBeginAndCommit) {
  Attempts attempts(turns_, TurnOf::kWork);
  MeetConflicts(&attempts, kConflictsBefore);
  EXPECT_EQ(WaitsOf(&attempts), 0);
  const auto start = std::chrono::steady_clock::now();
  const Status done = transactions::Transact(db_->engine(), turns_, [](auto begun) -> Status {
    const Status written = begun->Write([](auto& writes) { return writes.Put(nullptr, "a", "1", {}); });
    return written ? begun->Commit({}) : written;
  });
  EXPECT_EQ(Text(done), "");
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(200));
}

// Each of many writers reads and writes the same key: in a loop of its own, or by Transact.
TEST_F(AttemptsTest, LoopsAndTransactCallsComeThroughAStormTogether) {
  constexpr int kThreads = 6, kEach = 40;
  io::Clock& clock = db_->engine()->database().environment->clock();
  const auto add = [](Transaction& t) -> Status {
    const auto value = t.Get("n");
    if (!value) return std::unexpected(value.error());
    std::this_thread::yield();
    return t.Put("n", std::to_string(std::stoi(value->value_or("0")) + 1));
  };
  const auto in_a_loop = [&](TurnOf of) {
    Attempts attempts = db_->NewAttempts(of);
    for (;;) {
      transactions::WaitFor(&attempts, clock);
      Transaction t = db_->Begin();
      ASSERT_EQ(Text(add(t)), "");
      transactions::WaitFor(&attempts, clock);
      const Status done = t.Commit();
      if (done) return;
      ExpectConflict(done);
      attempts.NoteConflict();
    }
  };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int n = 0; n < kEach; ++n) {
        if (thread % 3 == 0) {
          ASSERT_EQ(Text(db_->Transact(add)), "");
        } else {
          in_a_loop(thread % 3 == 1 ? TurnOf::kThread : TurnOf::kWork);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ValueOf(*db_, "n"), std::to_string(kThreads * kEach));
}

}  // namespace
}  // namespace amethyst
