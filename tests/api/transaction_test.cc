// Every call of a transaction and of an indexed batch, for the default family and for another: each keeps to its own.
// Covers: transaction, indexed_batch
#include "amethyst/transaction.h"

#include <gtest/gtest.h>

#include <utility>

#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Text;

class TransactionCallsTest : public TransactionTest {
 protected:
  TransactionCallsTest() : users_(db_->CreateFamily("users", {.merge_operator = Append(",")}).value()) {
    for (const std::string key : {"a", "b", "c", "d", "p1", "p2"}) {
      EXPECT_TRUE(db_->Put(key, "default"));
      EXPECT_TRUE(users_.Put(key, "user"));
    }
  }

  // The same writes by either kind.
  template <typename Writable>
  void WriteDefault(Writable& to) {
    EXPECT_EQ(Text(to.Put("a", "1")), "");
    EXPECT_EQ(Text(to.Put("e", "1", ExpiresAfter(std::chrono::hours(1)))), "");
    EXPECT_EQ(Text(to.Delete("b")), "");
    EXPECT_EQ(Text(to.DeleteRange("c", "d")), "");
    EXPECT_EQ(Text(to.DeletePrefix("p")), "");
    EXPECT_EQ(Text(to.Merge("n", Number(4))), "");
  }
  template <typename Writable>
  void WriteUsers(Writable& to) {
    EXPECT_EQ(Text(to.Put(users_, "a", "2")), "");
    EXPECT_EQ(Text(to.Put(users_, "e", "2", ExpiresAfter(std::chrono::hours(1)))), "");
    EXPECT_EQ(Text(to.Delete(users_, "c")), "");
    EXPECT_EQ(Text(to.DeleteRange(users_, "d", "e")), "");
    EXPECT_EQ(Text(to.DeletePrefix(users_, "p1")), "");
    EXPECT_EQ(Text(to.Merge(users_, "b", "more")), "");
  }
  const std::string default_ = "a 1 d default e 1 n " + Number(4);
  const std::string users_contents_ = "a 2 b user,more e 2 p2 user";

  template <typename Readable>
  std::string UsersContents(Readable& of) {
    return Walked(of.NewIterator(users_), &Iterator::SeekToFirst, &Iterator::Next);
  }
  template <typename Readable>
  void ExpectBoth(Readable& of) {
    EXPECT_EQ(Contents(of), default_);
    EXPECT_EQ(UsersContents(of), users_contents_);
    EXPECT_EQ(of.Get("a").value(), "1");
    EXPECT_EQ(of.Get(users_, "a").value(), "2");
    std::string value;
    EXPECT_TRUE(of.GetInto("e", &value).value());
    EXPECT_EQ(value, "1");
    EXPECT_TRUE(of.GetInto(users_, "b", &value).value());
    EXPECT_EQ(value, "user,more");
    EXPECT_FALSE(of.GetInto("b", &value).value());
    const std::vector<std::string_view> keys = {"a", "b", "c"};
    const auto defaults = of.MultiGet(keys);
    EXPECT_EQ(defaults[0].value(), "1");
    EXPECT_EQ(defaults[1].value(), std::nullopt);
    const auto users = of.MultiGet(users_, keys);
    EXPECT_EQ(users[0].value(), "2");
    EXPECT_EQ(users[1].value(), "user,more");
    EXPECT_EQ(users[2].value(), std::nullopt);
  }
  void ExpectCommitted() {
    EXPECT_EQ(Contents(*db_), default_);
    EXPECT_EQ(users_.Get("b").value(), "user,more");
    EXPECT_EQ(users_.Get("p1").value(), std::nullopt);
  }

  const Family users_;
};

TEST_F(TransactionCallsTest, OfATransaction) {
  Transaction transaction = db_->Begin();
  WriteDefault(transaction);
  WriteUsers(transaction);
  ExpectBoth(transaction);
  EXPECT_EQ(transaction.GetForUpdate("d").value(), "default");
  EXPECT_EQ(transaction.GetForUpdate(users_, "p2").value(), "user");
  EXPECT_EQ(transaction.Count(), 12u);
  ASSERT_EQ(Text(transaction.Commit({.durability = Durability::kSync})), "");
  ExpectCommitted();
  Reopen();
  EXPECT_EQ(Contents(*db_), default_);
}

TEST_F(TransactionCallsTest, OfAnIndexedBatch) {
  IndexedBatch batch(*db_);
  WriteDefault(batch);
  ExpectBoth([&]() -> IndexedBatch& {
    WriteUsers(batch);
    return batch;
  }());
  ASSERT_EQ(Text(db_->Write(batch)), "");
  ExpectCommitted();
}

TEST_F(TransactionCallsTest, MovedOnesGoOn) {
  Transaction one = db_->Begin();
  ASSERT_TRUE(one.Put("a", "1"));
  Transaction other = std::move(one);
  EXPECT_TRUE(one.HasEnded());  // NOLINT(bugprone-use-after-move): it says so.
  EXPECT_EQ(ValueOf(other, "a"), "1");
  one = db_->Begin();
  ASSERT_TRUE(one.Put("b", "1"));
  one = std::move(other);  // Rolls back what it held.
  ASSERT_EQ(Text(one.Commit()), "");
  EXPECT_EQ(ValueOf(*db_, "a"), "1");
  EXPECT_EQ(ValueOf(*db_, "b"), "default");
  IndexedBatch batch(*db_);
  ASSERT_TRUE(batch.Put("c", "1"));
  IndexedBatch moved = std::move(batch);
  batch = std::move(moved);
  ASSERT_EQ(Text(db_->Write(batch)), "");
  EXPECT_EQ(ValueOf(*db_, "c"), "1");
}

TEST_F(TransactionCallsTest, ReadsTakeNoSnapshotAndNoTime) {
  const Snapshot snapshot = db_->GetSnapshot();
  Transaction transaction = db_->Begin();
  EXPECT_EQ(CodeOf(transaction.Get("a", {.snapshot = &snapshot})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(transaction.NewIterator({.read_time = std::chrono::system_clock::now()}).status()),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(transaction.Get("a", {.fill_cache = false}).value(), "default");
}

TEST_F(TransactionCallsTest, ReadOnlyDatabase) {
  ASSERT_TRUE(db_->Close());
  db_.reset();
  options_.read_only = true;
  Reopen();
  Transaction transaction = db_->Begin();
  EXPECT_EQ(ValueOf(transaction, "a"), "default");
  EXPECT_EQ(Text(transaction.Commit()), "");
  Transaction writes = db_->Begin();
  ASSERT_TRUE(writes.Put("a", "1"));
  EXPECT_EQ(ValueOf(writes, "a"), "1");
  EXPECT_EQ(CodeOf(writes.Commit()), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(db_->Increment("n", 1)), ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace amethyst
