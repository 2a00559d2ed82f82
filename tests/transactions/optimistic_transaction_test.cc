// Covers: optimistic_transaction
#include "amethyst/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using support::Text;
using testing::HasSubstr;

// Each with what others wrote in memory, and in tables.
class ConflictTest : public TransactionTest, public testing::WithParamInterface<bool> {
 protected:
  // The transaction has read; then `others` commit; then it writes and commits.
  template <typename Read, typename Others>
  Status Run(Read read, Others others, const TransactionOptions& options = {}) {
    Transaction transaction = db_->Begin(options);
    read(transaction);
    others();
    Settle(GetParam());
    EXPECT_EQ(Text(transaction.Put("out", "1")), "");
    return transaction.Commit();
  }
};
INSTANTIATE_TEST_SUITE_P(, ConflictTest, testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "InTables" : "InMemory"; });

TEST_P(ConflictTest, ReadKeyIsWritten) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(ValueOf(t, "a"), "1"); };
  ExpectConflict(Run(read, [this] { ASSERT_TRUE(db_->Put("a", "2")); }));
  EXPECT_EQ(ValueOf(*db_, "out"), "nothing");
}

TEST_P(ConflictTest, OtherKeysAreWritten) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(ValueOf(t, "a"), "1"); };
  EXPECT_EQ(Text(Run(read, [this] { ASSERT_TRUE(db_->Put("b", "2")); })), "");
  EXPECT_EQ(ValueOf(*db_, "out"), "1");
}

TEST_P(ConflictTest, ReadKeyIsDeleted) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(ValueOf(t, "a"), "1"); };
  ExpectConflict(Run(read, [this] { ASSERT_TRUE(db_->Delete("a")); }));
}

TEST_P(ConflictTest, ReadKeyIsRangeDeleted) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(ValueOf(t, "a"), "1"); };
  ExpectConflict(Run(read, [this] { ASSERT_TRUE(db_->DeleteRange("a", "b")); }));
}

TEST_P(ConflictTest, ReadKeyIsMerged) {
  ASSERT_TRUE(db_->Put("a", Number(1)));
  const auto read = [](Transaction& t) { EXPECT_EQ(ValueOf(t, "a"), Number(1)); };
  ExpectConflict(Run(read, [this] { ASSERT_TRUE(db_->Merge("a", Number(2))); }));
}

TEST_P(ConflictTest, ReadKeyIsDeletedAndPutAgain) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(ValueOf(t, "a"), "1"); };
  ExpectConflict(Run(read, [this] {
    ASSERT_TRUE(db_->Delete("a"));
    ASSERT_TRUE(db_->Put("a", "1"));
  }));
}

TEST_P(ConflictTest, AbsentKeyIsPut) {
  const auto read = [](Transaction& t) { EXPECT_EQ(ValueOf(t, "a"), "nothing"); };
  ExpectConflict(Run(read, [this] { ASSERT_TRUE(db_->Put("a", "2")); }));
}

TEST_P(ConflictTest, AbsentKeyThatIsPutAndDeletedIsStillAbsent) {
  const auto read = [](Transaction& t) { EXPECT_EQ(ValueOf(t, "a"), "nothing"); };
  EXPECT_EQ(Text(Run(read,
                     [this] {
                       ASSERT_TRUE(db_->Put("a", "2"));
                       ASSERT_TRUE(db_->Delete("a"));
                     })),
            "");
  EXPECT_EQ(Text(Run(read,
                     [this] {
                       ASSERT_TRUE(db_->Put("a", "2"));
                       ASSERT_TRUE(db_->DeleteRange("a", "b"));
                     })),
            "");
}

TEST_P(ConflictTest, KeyOfMultiGetIsWritten) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto read = [](Transaction& t) {
    const std::vector<std::string_view> keys = {"a", "b"};
    const auto values = t.MultiGet(keys);
    EXPECT_EQ(values[0].value(), "1");
    EXPECT_EQ(values[1].value(), std::nullopt);
  };
  ExpectConflict(Run(read, [this] { ASSERT_TRUE(db_->Put("b", "2")); }));
  EXPECT_EQ(
      Text(Run([](Transaction& t) { static_cast<void>(t.MultiGet({})); }, [this] { ASSERT_TRUE(db_->Put("b", "3")); })),
      "");
}

TEST_P(ConflictTest, PhantomInARangeThatWasWalked) {
  ASSERT_TRUE(db_->Put("b", "1"));
  ASSERT_TRUE(db_->Put("d", "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(Contents(t), "b 1 d 1"); };
  ExpectConflict(Run(read, [this] { ASSERT_TRUE(db_->Put("c", "2")); }));
  EXPECT_EQ(Text(db_->Delete("c")), "");
}

TEST_P(ConflictTest, EmptyRangeThatWasWalked) {
  ASSERT_TRUE(db_->Put("z", "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(Contents(t, {.lower_bound = "b", .upper_bound = "d"}), ""); };
  ExpectConflict(Run(read, [this] { ASSERT_TRUE(db_->Put("c", "2")); }));
  EXPECT_EQ(Text(db_->Delete("c")), "");
  EXPECT_EQ(Text(Run(read, [this] { ASSERT_TRUE(db_->Put("d", "2")); })), "");
}

TEST_P(ConflictTest, RangeCountsAsFarAsTheWalkWent) {
  for (const std::string key : {"a", "c", "e", "g"}) ASSERT_TRUE(db_->Put(key, "1"));
  const auto read = [](Transaction& t) {
    Iterator iterator = t.NewIterator();
    iterator.Seek("b");
    iterator.Next();
    EXPECT_EQ(iterator.key(), "e");
  };
  for (const std::string inside : {"b", "c", "d", "e"}) {
    ExpectConflict(Run(read, [&] { ASSERT_TRUE(db_->Put(inside, "2")); }));
    ASSERT_TRUE(db_->Delete("b"));
    ASSERT_TRUE(db_->Delete("d"));
  }
  for (const std::string outside : {"a", "f", "g"}) {
    EXPECT_EQ(Text(Run(read, [&] { ASSERT_TRUE(db_->Put(outside, "2")); })), "") << outside;
    ASSERT_TRUE(db_->Delete("f"));
  }
}

TEST_P(ConflictTest, BackwardAndTurningWalksCountBothWays) {
  for (const std::string key : {"a", "c", "e", "g", "i"}) ASSERT_TRUE(db_->Put(key, "1"));
  const auto read = [](Transaction& t) {
    Iterator iterator = t.NewIterator();
    iterator.SeekForPrev("f");
    EXPECT_EQ(iterator.key(), "e");
    iterator.Prev();
    EXPECT_EQ(iterator.key(), "c");
    iterator.Next();
    iterator.Next();
    EXPECT_EQ(iterator.key(), "g");
    iterator.Prev();
  };
  for (const std::string inside : {"c", "d", "f", "g"}) {
    ExpectConflict(Run(read, [&] { ASSERT_TRUE(db_->Put(inside, "2")); }));
    ASSERT_TRUE(db_->Delete("d"));
    ASSERT_TRUE(db_->Delete("f"));
  }
  for (const std::string outside : {"b", "h"}) {
    EXPECT_EQ(Text(Run(read, [&] { ASSERT_TRUE(db_->Put(outside, "2")); })), "") << outside;
  }
}

TEST_P(ConflictTest, EachSeekOfAnIteratorCounts) {
  for (const std::string key : {"a", "c", "e"}) ASSERT_TRUE(db_->Put(key, "1"));
  const auto read = [](Transaction& t) {
    Iterator iterator = t.NewIterator();
    iterator.Seek("a");
    iterator.SeekToLast();
    EXPECT_EQ(iterator.key(), "e");
  };
  ExpectConflict(Run(read, [&] { ASSERT_TRUE(db_->Put("a", "2")); }));
  ExpectConflict(Run(read, [&] { ASSERT_TRUE(db_->Put("f", "2")); }));
  ASSERT_TRUE(db_->Delete("f"));
  EXPECT_EQ(Text(Run(read, [&] { ASSERT_TRUE(db_->Put("c", "2")); })), "");
}

TEST_P(ConflictTest, LiveIteratorCountsAtTheCommit) {
  for (const std::string key : {"a", "c", "e"}) ASSERT_TRUE(db_->Put(key, "1"));
  Transaction transaction = db_->Begin();
  Iterator iterator = transaction.NewIterator();
  iterator.SeekToFirst();
  iterator.Next();
  ASSERT_TRUE(db_->Put("b", "2"));
  Settle(GetParam());
  ASSERT_TRUE(transaction.Put("out", "1"));
  ExpectConflict(transaction.Commit());
  iterator.Next();  // Goes on to show what it showed.
  EXPECT_EQ(iterator.key(), "e");
  iterator.Next();
  EXPECT_FALSE(iterator.Valid());
  EXPECT_EQ(Text(iterator.status()), "");
}

TEST_P(ConflictTest, RangeDeleteReachesIntoARangeThatWasWalked) {
  for (const std::string key : {"b", "d", "f"}) ASSERT_TRUE(db_->Put(key, "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(Contents(t, {.lower_bound = "c", .upper_bound = "e"}), "d 1"); };
  EXPECT_EQ(Text(Run(read, [&] { ASSERT_TRUE(db_->DeleteRange("e", "g")); })), "");
  ExpectConflict(Run(read, [&] { ASSERT_TRUE(db_->DeleteRange("a", "d\x01")); }));
}

TEST_P(ConflictTest, BlindWritesAndMergesDoNot) {
  Transaction transaction = db_->Begin();
  ASSERT_TRUE(transaction.Put("a", "mine"));
  ASSERT_TRUE(transaction.Merge("n", Number(1)));
  ASSERT_TRUE(transaction.DeleteRange("x", "z"));
  ASSERT_TRUE(db_->Put("a", "other's"));
  ASSERT_TRUE(db_->Merge("n", Number(2)));
  ASSERT_TRUE(db_->Put("y", "other's"));
  Settle(GetParam());
  ASSERT_EQ(Text(transaction.Commit()), "");
  EXPECT_EQ(ValueOf(*db_, "a"), "mine");
  EXPECT_EQ(ValueOf(*db_, "n"), Number(3));
  EXPECT_EQ(ValueOf(*db_, "y"), "nothing");
}

TEST_P(ConflictTest, KeysThatItWroteItselfAreItsOwnToRead) {
  const auto read = [](Transaction& t) {
    ASSERT_TRUE(t.Put("a", "mine"));
    ASSERT_TRUE(t.DeleteRange("b", "c"));
    EXPECT_EQ(ValueOf(t, "a"), "mine");
    const std::vector<std::string_view> keys = {"a", "b"};
    EXPECT_EQ(t.MultiGet(keys)[1].value(), std::nullopt);
  };
  EXPECT_EQ(Text(Run(read, [this] { ASSERT_TRUE(db_->Put("a", "2")); })), "");
  EXPECT_EQ(Text(Run(read, [this] { ASSERT_TRUE(db_->Put("b", "2")); })), "");
  EXPECT_EQ(ValueOf(*db_, "a"), "mine");
  EXPECT_EQ(ValueOf(*db_, "b"), "nothing");
  const auto updates = [&](Transaction& t) {
    read(t);
    EXPECT_EQ(t.GetForUpdate("a").value(), "mine");
  };
  ExpectConflict(Run(updates, [this] { ASSERT_TRUE(db_->Put("a", "2")); }));
}

TEST_P(ConflictTest, MergeOverAReadReads) {
  ASSERT_TRUE(db_->Put("n", Number(1)));
  const auto read = [](Transaction& t) {
    ASSERT_TRUE(t.Merge("n", Number(1)));
    EXPECT_EQ(ValueOf(t, "n"), Number(2));
  };
  ExpectConflict(Run(read, [&] { ASSERT_TRUE(db_->Merge("n", Number(2))); }));
}

TEST_P(ConflictTest, SnapshotIsolationChecksWrittenKeysAlone) {
  const TransactionOptions snapshot{.isolation = Isolation::kSnapshot};
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto read = [](Transaction& t) {
    EXPECT_EQ(ValueOf(t, "a"), "1");
    EXPECT_NE(Contents(t), "");
  };
  EXPECT_EQ(Text(Run(read, [&] { ASSERT_TRUE(db_->Put("a", "2")); }, snapshot)), "");
  ExpectConflict(Run([](Transaction&) {}, [&] { ASSERT_TRUE(db_->Put("out", "2")); }, snapshot));
  ExpectConflict(Run([](Transaction&) {}, [&] { ASSERT_TRUE(db_->DeleteRange("o", "p")); }, snapshot));
  const auto deletes = [](Transaction& t) { ASSERT_TRUE(t.DeleteRange("c", "e")); };
  ExpectConflict(Run(deletes, [&] { ASSERT_TRUE(db_->Put("d", "2")); }, snapshot));
  const auto merges = [](Transaction& t) { ASSERT_TRUE(t.Merge("n", Number(1))); };
  EXPECT_EQ(Text(Run(merges, [&] { ASSERT_TRUE(db_->Merge("n", Number(1))); }, snapshot)), "");
}

TEST_P(ConflictTest, GetForUpdateCountsUnderSnapshotIsolation) {
  const TransactionOptions snapshot{.isolation = Isolation::kSnapshot};
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto read = [](Transaction& t) { EXPECT_EQ(t.GetForUpdate("a").value(), "1"); };
  ExpectConflict(Run(read, [&] { ASSERT_TRUE(db_->Put("a", "2")); }, snapshot));
}

TEST_P(ConflictTest, FamiliesHaveKeysOfTheirOwn) {
  const Family users = db_->CreateFamily("users").value();
  ASSERT_TRUE(users.Put("a", "1"));
  const auto read = [&](Transaction& t) { EXPECT_EQ(t.Get(users, "a").value(), "1"); };
  EXPECT_EQ(Text(Run(read, [&] { ASSERT_TRUE(db_->Put("a", "2")); })), "");
  ExpectConflict(Run(read, [&] { ASSERT_TRUE(users.Put("a", "2")); }));
  const auto walk = [&](Transaction& t) {
    Iterator iterator = t.NewIterator(users);
    for (iterator.SeekToFirst(); iterator.Valid();) iterator.Next();
  };
  EXPECT_EQ(Text(Run(walk, [&] { ASSERT_TRUE(db_->Put("b", "2")); })), "");
  const Status conflict = Run(walk, [&] { ASSERT_TRUE(users.Put("b", "2")); });
  ExpectConflict(conflict);
  EXPECT_THAT(Text(conflict), HasSubstr("family users"));
}

}  // namespace
}  // namespace amethyst
