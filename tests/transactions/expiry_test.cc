// Covers: own_writes, validation
//
// What expires, of others and of the transaction itself, which may be the first of its database.
#include <gtest/gtest.h>

#include <chrono>

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
