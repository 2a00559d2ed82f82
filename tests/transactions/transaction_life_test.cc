// A transaction from its begin to its end, by itself. Covers: optimistic_transaction
#include "amethyst/transaction.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "support/fault_file_system.h"
#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Text;

TEST_F(TransactionTest, ReadsSeeItsBeginAndItsOwnWrites) {
  for (const std::string key : {"a", "b", "c"}) ASSERT_TRUE(db_->Put(key, "1"));
  Transaction transaction = db_->Begin();
  ASSERT_TRUE(db_->Put("d", "1"));
  ASSERT_TRUE(transaction.Put("e", "mine"));
  ASSERT_TRUE(transaction.Delete("b"));
  EXPECT_EQ(Contents(transaction), "a 1 c 1 e mine");
  EXPECT_EQ(Backwards(transaction), "e mine c 1 a 1");
  EXPECT_EQ(Contents(*db_), "a 1 b 1 c 1 d 1");
  ASSERT_TRUE(transaction.DeleteRange("b", "d"));
  ASSERT_TRUE(transaction.Put("c", "again"));
  EXPECT_EQ(Contents(transaction), "a 1 c again e mine");
  EXPECT_EQ(ValueOf(transaction, "b"), "nothing");
  EXPECT_EQ(ValueOf(transaction, "c"), "again");
  EXPECT_EQ(ValueOf(transaction, "d"), "nothing");
}

TEST_F(TransactionTest, IteratorShowsTheWritesThatWereThere) {
  Transaction transaction = db_->Begin();
  ASSERT_TRUE(transaction.Put("a", "1"));
  Iterator iterator = transaction.NewIterator();
  ASSERT_TRUE(transaction.Put("a", "2"));
  ASSERT_TRUE(transaction.Put("b", "2"));
  iterator.SeekToFirst();
  ASSERT_TRUE(iterator.Valid());
  EXPECT_EQ(iterator.value(), "1");
  iterator.Next();
  EXPECT_FALSE(iterator.Valid());
  EXPECT_EQ(Contents(transaction), "a 2 b 2");
}

TEST_F(TransactionTest, SavepointsNestAndReadsStayRead) {
  ASSERT_TRUE(db_->Put("r", "1"));
  Transaction transaction = db_->Begin();
  EXPECT_EQ(CodeOf(transaction.RollbackToSavepoint()), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(transaction.Put("a", "1"));
  ASSERT_TRUE(transaction.SetSavepoint());
  ASSERT_TRUE(transaction.Put("b", "1"));
  ASSERT_TRUE(transaction.SetSavepoint());
  ASSERT_TRUE(transaction.Delete("a"));
  ASSERT_TRUE(transaction.DeleteRange({}, {}));
  EXPECT_EQ(ValueOf(transaction, "r"), "nothing");
  EXPECT_EQ(Contents(transaction), "");
  ASSERT_TRUE(transaction.RollbackToSavepoint());
  EXPECT_EQ(Contents(transaction), "a 1 b 1 r 1");
  ASSERT_TRUE(transaction.RollbackToSavepoint());
  EXPECT_EQ(Contents(transaction), "a 1 r 1");
  EXPECT_EQ(transaction.Count(), 1u);
  EXPECT_EQ(CodeOf(transaction.RollbackToSavepoint()), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(db_->Put("r", "2"));
  ExpectConflict(transaction.Commit());
}

TEST_F(TransactionTest, ReadOnlyNeverFails) {
  ASSERT_TRUE(db_->Put("a", "1"));
  Transaction transaction = db_->Begin();
  EXPECT_EQ(ValueOf(transaction, "a"), "1");
  ASSERT_TRUE(db_->Put("a", "2"));
  EXPECT_EQ(ValueOf(transaction, "a"), "1");
  EXPECT_EQ(Text(transaction.Commit({.durability = Durability::kSync})), "");
}

TEST_F(TransactionTest, NothingWorksAfterTheEnd) {
  for (const bool commit : {true, false}) {
    Transaction transaction = db_->Begin();
    ASSERT_TRUE(transaction.Put("a", "1"));
    ASSERT_TRUE(commit ? transaction.Commit() : transaction.Rollback());
    EXPECT_TRUE(transaction.HasEnded());
    EXPECT_EQ(CodeOf(transaction.Get("a")), ErrorCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(transaction.Put("a", "1")), ErrorCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(transaction.SetSavepoint()), ErrorCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(transaction.Commit()), ErrorCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(transaction.Rollback()), ErrorCode::kInvalidArgument);
    Iterator iterator = transaction.NewIterator();
    EXPECT_EQ(CodeOf(iterator.status()), ErrorCode::kInvalidArgument);
    iterator.SeekToFirst();
    EXPECT_FALSE(iterator.Valid());
    EXPECT_EQ(CodeOf(iterator.status()), ErrorCode::kInvalidArgument);
    const std::vector<std::string_view> keys = {"a"};
    EXPECT_EQ(CodeOf(transaction.MultiGet(keys)[0]), ErrorCode::kInvalidArgument);
    EXPECT_EQ(ValueOf(*db_, "a"), commit ? "1" : "nothing");
    ASSERT_TRUE(db_->Delete("a"));
  }
}

class EndsAnIteratorOnM final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override {
    if (a == "m" || b == "m") ends.reset();
    return a.compare(b);
  }
  std::string_view Name() const override { return "test.ends_an_iterator"; }

  mutable std::optional<Iterator> ends;
};

TEST_F(TransactionTest, AnIteratorThatEndsWhileItsTransactionAsksAllOfThemHidesNoRead) {
  const auto order = std::make_shared<EndsAnIteratorOnM>();
  const Family family = db_->CreateFamily("ordered", {.comparator = order.get()}).value();
  for (const char* key : {"a", "m", "t", "x"}) ASSERT_TRUE(family.Put(key, "1"));
  Transaction transaction = db_->Begin();
  std::vector<Iterator> walks;
  for (const char* key : {"a", "m", "t", "x"}) {
    walks.push_back(transaction.NewIterator(family));
    walks.back().Seek(key);
  }
  ASSERT_TRUE(transaction.Put("out", "1"));
  ASSERT_TRUE(family.Put("t", "2"));
  order->ends.emplace(std::move(walks.front()));  // Ends when the second one is asked.
  ExpectConflict(transaction.Commit());
  EXPECT_FALSE(order->ends);
  walks.clear();
  db_.reset();
}

TEST(TransactionFault, AnErrorOfTheDiskAtTheCommitEndsItWholeOrAbsentAtTheNextOpen) {
  for (const auto operation : {support::Operation::kStore, support::Operation::kSegmentSync}) {
    for (const bool half : {false, true}) {
      const std::shared_ptr<io::Environment> memory = NewInMemoryEnvironment();
      support::FaultFileSystem files(memory->files());
      support::FaultEnvironment environment(*memory, files);
      auto db = support::OpenOrFail("/db", {}, support::Over(environment));
      ASSERT_TRUE(db->Put("a", "0"));
      Transaction transaction = db->Begin();
      ASSERT_TRUE(transaction.Get("a"));
      ASSERT_TRUE(transaction.Put("a", "1"));
      ASSERT_TRUE(transaction.Put("b", "1"));
      files.Fail({.operation = operation, .call = files.calls(operation) + 1, .for_good = true, .half = half});
      EXPECT_EQ(CodeOf(transaction.Commit({.durability = Durability::kSync})), ErrorCode::kIo);
      EXPECT_TRUE(transaction.HasEnded());
      EXPECT_EQ(CodeOf(transaction.Commit()), ErrorCode::kInvalidArgument);
      EXPECT_GT(files.failed_calls(), 0u);
      files.ClearFaults();
      db.reset();
      db = support::OpenOrFail("/db", {}, support::Over(environment));
      const auto a = db->Get("a").value(), b = db->Get("b").value();
      const bool whole = a == "1" && b == "1", absent = a == "0" && !b;
      EXPECT_TRUE(whole || absent) << static_cast<int>(operation) << half;
    }
  }
}

TEST_F(TransactionTest, AWriteOverAQuarterOfTheMemoryIsRefusedAndTheOthersAreCommitted) {
  options_.memory_budget_bytes = size_t{8} << 20;
  Reopen();
  Transaction transaction = db_->Begin();
  const std::string value(900'000, 'v');
  ASSERT_TRUE(transaction.Put("a", value));
  ASSERT_TRUE(transaction.Put("b", value));
  const Status refused = transaction.Put("c", value);
  ASSERT_EQ(CodeOf(refused), ErrorCode::kInvalidArgument);
  EXPECT_NE(refused.error().message().find("a quarter of memory_budget_bytes"), std::string::npos);
  EXPECT_EQ(ValueOf(transaction, "c"), "nothing");
  ASSERT_TRUE(transaction.Commit());
  EXPECT_EQ(ValueOf(*db_, "b"), value);
  EXPECT_EQ(ValueOf(*db_, "c"), "nothing");
}

TEST_F(TransactionTest, OneThatDiesRollsBack) {
  {
    Transaction transaction = db_->Begin();
    ASSERT_TRUE(transaction.Put("a", "1"));
  }
  EXPECT_EQ(ValueOf(*db_, "a"), "nothing");
}

TEST_F(TransactionTest, AKeyThatIsAbsentByItsOwnWordAloneIsNotKnownToBeAbsent) {
  ASSERT_TRUE(db_->Put("k", "1"));
  Transaction transaction = db_->Begin();
  ASSERT_TRUE(transaction.SetSavepoint());
  ASSERT_TRUE(transaction.Delete("k"));
  EXPECT_EQ(transaction.GetForUpdate("k").value(), std::nullopt);
  ASSERT_TRUE(transaction.RollbackToSavepoint());
  ASSERT_TRUE(transaction.Put("x", "1"));
  ASSERT_TRUE(db_->Delete("k"));
  ExpectConflict(transaction.Commit());
}

TEST_F(TransactionTest, KeysOfAnyLengthMayBeAskedFor) {
  Transaction transaction = db_->Begin();
  EXPECT_EQ(transaction.Get(std::string(3 * kKeyBytesMax, 'k')).value(), std::nullopt);
  EXPECT_EQ(ValueOf(transaction, "a"), "nothing");
  ASSERT_TRUE(transaction.Put("x", "1"));
  ASSERT_TRUE(db_->Put("a", "1"));
  ExpectConflict(transaction.Commit());
}

TEST_F(TransactionTest, DroppedFamilyFailsTheCommit) {
  const Family users = db_->CreateFamily("users").value();
  Transaction writes = db_->Begin();
  ASSERT_TRUE(writes.Put(users, "a", "1"));
  ASSERT_TRUE(writes.Put("a", "1"));
  Transaction reads = db_->Begin();
  EXPECT_EQ(reads.Get(users, "a").value(), std::nullopt);
  ASSERT_TRUE(reads.Put("b", "1"));
  ASSERT_TRUE(db_->DropFamily(users));
  ASSERT_TRUE(db_->Put("c", "1"));
  EXPECT_EQ(CodeOf(writes.Commit()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(reads.Commit()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Contents(*db_), "c 1");
}

TEST_F(TransactionTest, ClosedDatabase) {
  Transaction transaction = db_->Begin();
  ASSERT_TRUE(transaction.Put("a", "1"));
  Transaction empty = db_->Begin();
  ASSERT_TRUE(db_->Close());
  EXPECT_EQ(CodeOf(transaction.Get("a")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(transaction.Commit()), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(empty.Commit()), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db_->Begin().Get("a")), ErrorCode::kClosed);
}

}  // namespace
}  // namespace amethyst
