// Covers: own_writes, validation
//
// What expires, of others and of the transaction itself, which may be the first of its database.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using support::Text;

constexpr std::chrono::system_clock::time_point kLongAgo{std::chrono::seconds(1)};

using TransactionExpiryTest = TransactionTest;

TEST_F(TransactionExpiryTest, WhatExpiredLongAgoIsNotThereAndIsNoConflict) {
  Transaction transaction = db_->Begin();
  ASSERT_EQ(Text(transaction.Put("past", "1", ExpiresAt(kLongAgo))), "");
  ASSERT_EQ(Text(transaction.Put("later", "1", ExpiresAfter(std::chrono::hours(1)))), "");
  EXPECT_EQ(ValueOf(transaction, "past"), "nothing");
  EXPECT_EQ(Contents(transaction), "later 1");
  EXPECT_EQ(Text(transaction.Commit()), "");
  EXPECT_EQ(Contents(*db_), "later 1");
}

TEST_F(TransactionExpiryTest, ItsOwnWritesMayExpireBeforeTheCommit) {
  ASSERT_EQ(Text(db_->Put("other", "1", {.ttl = std::chrono::hours(1)})), "");
  Transaction transaction = db_->Begin();
  ASSERT_EQ(Text(transaction.Put("lease", "mine", ExpiresAfter(std::chrono::milliseconds(1)))), "");
  ASSERT_EQ(Text(transaction.Merge("n", Number(1), ExpiresAfter(std::chrono::milliseconds(1)))), "");
  EXPECT_TRUE(transaction.Get("lease"));
  EXPECT_TRUE(transaction.Get("n"));
  EXPECT_TRUE(transaction.GetForUpdate("lease"));
  const std::vector<std::string_view> keys = {"lease", "none"};
  EXPECT_EQ(transaction.MultiGet(keys).size(), 2u);
  EXPECT_NE(Contents(transaction), "");
  EXPECT_NE(Backwards(transaction), "");
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  EXPECT_EQ(Text(transaction.Commit()), "");
}

TEST_F(TransactionExpiryTest, AnIndexedBatchDoesNotShowItEither) {
  IndexedBatch batch(*db_);
  ASSERT_EQ(Text(batch.Put("past", "1", ExpiresAt(kLongAgo))), "");
  EXPECT_EQ(ValueOf(batch, "past"), "nothing");
  EXPECT_EQ(Contents(batch), "");
}

TEST_F(TransactionExpiryTest, ReadingWhatHasExpiredBeforeIsNoConflict) {
  ASSERT_EQ(Text(db_->Put("past", "1", {.expires_at = kLongAgo})), "");
  ASSERT_EQ(Text(db_->Merge("counted", Number(1), {.expires_at = kLongAgo})), "");
  for (const bool to_tables : {false, true}) {
    if (to_tables) ASSERT_EQ(Text(db_->Flush()), "");
    Transaction transaction = db_->Begin();
    EXPECT_EQ(ValueOf(transaction, "past"), "nothing");
    EXPECT_EQ(ValueOf(transaction, "counted"), "nothing");
    EXPECT_EQ(Contents(transaction, {.upper_bound = "x"}), "");
    ASSERT_EQ(Text(transaction.Put("x", "1")), "");
    EXPECT_EQ(Text(transaction.Commit()), "");
  }
}

}  // namespace
}  // namespace amethyst
