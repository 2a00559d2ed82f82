#include "transactions/newer_entries.h"

#include <gtest/gtest.h>

#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using NewerEntries = TransactionTest;

// Where a memtable holds nothing newer, a search passes it up to the range's end: which it must not come back to.
TEST_F(NewerEntries, ManyOldVersionsOfTheLastKeyThatWasReadEndTheSearch) {
  const Family other = db_->CreateFamily("other").value();
  std::vector<Snapshot> snapshots;
  for (int version = 0; version < 100; ++version) {
    snapshots.push_back(db_->GetSnapshot());
    ASSERT_TRUE(db_->Put("b", std::to_string(version)));
  }
  for (const bool forward : {true, false}) {
    Transaction transaction = db_->Begin();
    Iterator iterator = transaction.NewIterator();
    forward ? iterator.Seek("a") : iterator.SeekForPrev("b");
    EXPECT_EQ(iterator.key(), "b");
    ASSERT_TRUE(other.Put("b", "1"));
    ASSERT_TRUE(transaction.Put(other, "out", "1"));
    EXPECT_EQ(support::Text(transaction.Commit()), "");
  }
  Transaction transaction = db_->Begin();
  Iterator iterator = transaction.NewIterator();
  iterator.Seek("a");
  ASSERT_TRUE(db_->Put("b", "newer"));
  ASSERT_TRUE(transaction.Put(other, "out", "2"));
  ExpectConflict(transaction.Commit());
}

}  // namespace
}  // namespace amethyst
