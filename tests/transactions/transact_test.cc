// Running again until it is committed, and writes that depend on what is there.
// Covers: transact, conditional
#include "transactions/transact.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <thread>

#include "engine/engine.h"
#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Text;

class TransactTest : public TransactionTest {
 protected:
  // Commits as many conflicting writes of its own as it is told before it ends.
  Status RunWithConflicts(int conflicts, int* runs) {
    *runs = 0;
    return db_->Transact([&](Transaction& transaction) -> Status {
      const auto value = transaction.Get("n");
      if (!value) return std::unexpected(value.error());
      if ((*runs)++ < conflicts) EXPECT_TRUE(db_->Put("n", Number(*runs)));
      return transaction.Put("n", value->value_or(Number(0)) + "!");
    });
  }
};

TEST_F(TransactTest, RunsAgainUntilItIsCommitted) {
  int runs = 0;
  ASSERT_EQ(Text(RunWithConflicts(3, &runs)), "");
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(ValueOf(*db_, "n"), Number(3) + "!");
}

TEST_F(TransactTest, AfterManyConflictsItTakesATurn) {
  int runs = 0;
  ASSERT_EQ(Text(RunWithConflicts(20, &runs)), "");
  EXPECT_EQ(runs, 21);
  ASSERT_EQ(Text(RunWithConflicts(0, &runs)), "");  // The turn was given back.
}

TEST_F(TransactTest, OneInsideAnotherThatHasTheTurn) {
  int runs = 0;
  ASSERT_EQ(Text(db_->Transact([&](Transaction& transaction) -> Status {
              const auto value = transaction.Get("n");
              if (++runs <= 10) EXPECT_TRUE(db_->Put("n", Number(runs)));
              const Status inner = db_->Transact([](Transaction& other) { return other.Put("inner", "1"); });
              EXPECT_EQ(Text(inner), "");
              return transaction.Put("outer", "1");
            })),
            "");
  EXPECT_EQ(runs, 11);
}

TEST_F(TransactTest, AnErrorOrAnExceptionRollsBack) {
  const Status refused = db_->Transact([](Transaction& transaction) -> Status {
    EXPECT_TRUE(transaction.Put("a", "1"));
    return std::unexpected(Error(ErrorCode::kInvalidArgument, "no"));
  });
  EXPECT_EQ(Text(refused), "InvalidArgument: no");
  EXPECT_THROW(static_cast<void>(db_->Transact([](Transaction& transaction) -> Status {
                 EXPECT_TRUE(transaction.Put("a", "1"));
                 throw std::runtime_error("no");
               })),
               std::runtime_error);
  EXPECT_EQ(ValueOf(*db_, "a"), "nothing");
}

TEST_F(TransactTest, TheWorkMayEndItItself) {
  ASSERT_EQ(Text(db_->Transact([](Transaction& transaction) -> Status {
              EXPECT_TRUE(transaction.Put("a", "1"));
              return transaction.Commit();
            })),
            "");
  EXPECT_EQ(ValueOf(*db_, "a"), "1");
  ASSERT_EQ(Text(db_->Transact([](Transaction& transaction) -> Status {
              EXPECT_TRUE(transaction.Put("b", "1"));
              return transaction.Rollback();
            })),
            "");
  EXPECT_EQ(ValueOf(*db_, "b"), "nothing");
}

TEST_F(TransactTest, PutIfAbsentReturnsWhatWasThere) {
  EXPECT_EQ(db_->PutIfAbsent("a", "1").value(), std::nullopt);
  EXPECT_EQ(db_->PutIfAbsent("a", "2").value(), "1");
  EXPECT_EQ(ValueOf(*db_, "a"), "1");
}

TEST_F(TransactTest, CompareAndSet) {
  EXPECT_EQ(db_->CompareAndSet("a", "1", "2").value(), std::nullopt);
  EXPECT_EQ(ValueOf(*db_, "a"), "nothing");
  EXPECT_EQ(db_->CompareAndSet("a", std::nullopt, "1").value(), std::nullopt);
  EXPECT_EQ(db_->CompareAndSet("a", "1", "2").value(), "1");
  EXPECT_EQ(db_->CompareAndSet("a", "1", "3").value(), "2");
  EXPECT_EQ(ValueOf(*db_, "a"), "2");
  EXPECT_EQ(db_->CompareAndSet("a", "2", std::nullopt).value(), "2");
  EXPECT_EQ(ValueOf(*db_, "a"), "nothing");
  EXPECT_EQ(CodeOf(db_->CompareAndSet("a", "2", std::nullopt, {.ttl = std::chrono::hours(1)})),
            ErrorCode::kInvalidArgument);
}

TEST_F(TransactTest, DeleteIfEqual) {
  ASSERT_TRUE(db_->Put("a", "1"));
  EXPECT_EQ(db_->DeleteIfEqual("a", "2").value(), "1");
  EXPECT_EQ(ValueOf(*db_, "a"), "1");
  EXPECT_EQ(db_->DeleteIfEqual("a", "1").value(), "1");
  EXPECT_EQ(db_->DeleteIfEqual("a", "1").value(), std::nullopt);
}

TEST_F(TransactTest, IncrementReturnsTheNewValue) {
  EXPECT_EQ(db_->Increment("n", 5).value(), 5);
  EXPECT_EQ(db_->Increment("n", -7).value(), -2);
  EXPECT_EQ(ValueOf(*db_, "n"), Number(-2));
  ASSERT_TRUE(db_->Merge("n", Number(3)));
  EXPECT_EQ(db_->Increment("n", 0).value(), 1);
  ASSERT_TRUE(db_->Put("n", Number(std::numeric_limits<int64_t>::max())));
  EXPECT_EQ(CodeOf(db_->Increment("n", 1)), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(db_->Put("n", "text"));
  EXPECT_EQ(CodeOf(db_->Increment("n", 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(ValueOf(*db_, "n"), "text");
}

TEST_F(TransactTest, OfAFamily) {
  const Family users = db_->CreateFamily("users").value();
  EXPECT_EQ(users.PutIfAbsent("a", "1").value(), std::nullopt);
  EXPECT_EQ(users.CompareAndSet("a", "1", "2").value(), "1");
  EXPECT_EQ(users.DeleteIfEqual("a", "2").value(), "2");
  EXPECT_EQ(users.Increment("n", 2).value(), 2);
  EXPECT_EQ(ValueOf(*db_, "n"), "nothing");
  ASSERT_TRUE(db_->DropFamily(users));
  EXPECT_EQ(CodeOf(users.Increment("n", 2)), ErrorCode::kInvalidArgument);
}

TEST_F(TransactTest, ThreadsCountTogether) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < kEach; ++n) ASSERT_TRUE(db_->Increment("n", 1));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ValueOf(*db_, "n"), Number(kThreads * kEach));
}

}  // namespace
}  // namespace amethyst
