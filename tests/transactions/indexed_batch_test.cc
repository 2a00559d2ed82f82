// A batch that is read before it is written. Covers: own_writes
#include "amethyst/indexed_batch.h"

#include <gtest/gtest.h>

#include <chrono>

#include "engine/engine.h"
#include "transactions/own_writes.h"
#include "transactions/transaction_fixture.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Key;
using support::Text;

class IndexedBatchTest : public TransactionTest {};

TEST_F(IndexedBatchTest, ReadsAreOfTheBatchOverTheDatabaseAsItIs) {
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Put("b", "1"));
  IndexedBatch batch(*db_);
  EXPECT_EQ(Contents(batch), "a 1 b 1");
  ASSERT_TRUE(batch.Put("c", "mine"));
  ASSERT_TRUE(batch.Delete("a"));
  ASSERT_TRUE(db_->Put("d", "later"));
  EXPECT_EQ(Contents(batch), "b 1 c mine d later");
  EXPECT_EQ(Backwards(batch), "d later c mine b 1");
  EXPECT_EQ(ValueOf(batch, "a"), "nothing");
  const std::vector<std::string_view> keys = {"a", "b", "c"};
  const auto values = batch.MultiGet(keys);
  EXPECT_EQ(values[0].value(), std::nullopt);
  EXPECT_EQ(values[1].value(), "1");
  EXPECT_EQ(values[2].value(), "mine");
  std::string value;
  EXPECT_TRUE(batch.GetInto("c", &value).value());
  EXPECT_EQ(value, "mine");
  EXPECT_EQ(Contents(*db_), "a 1 b 1 d later");
  ASSERT_EQ(Text(db_->Write(batch)), "");
  EXPECT_EQ(Contents(*db_), "b 1 c mine d later");
}

TEST_F(IndexedBatchTest, ASnapshotIsReadBelowTheBatch) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const Snapshot before = db_->GetSnapshot();
  ASSERT_TRUE(db_->Put("a", "2"));
  ASSERT_TRUE(db_->Put("b", "2"));
  IndexedBatch batch(*db_);
  ASSERT_TRUE(batch.Put("c", "mine"));
  EXPECT_EQ(Contents(batch, {.snapshot = &before}), "a 1 c mine");
  EXPECT_EQ(batch.Get("a", {.snapshot = &before}).value(), "1");
  EXPECT_EQ(Contents(batch), "a 2 b 2 c mine");
}

TEST_F(IndexedBatchTest, RangeDeletesHideWhatIsBelowAndNotWhatComesLater) {
  for (const std::string key : {"a", "b", "c", "d"}) ASSERT_TRUE(db_->Put(key, "1"));
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_TRUE(db_->Put("c", "2"));
  IndexedBatch batch(*db_);
  ASSERT_TRUE(batch.Put("b", "first"));
  ASSERT_TRUE(batch.DeleteRange("b", "d"));
  EXPECT_EQ(Contents(batch), "a 1 d 1");
  ASSERT_TRUE(batch.Put("c", "mine"));
  EXPECT_EQ(Contents(batch), "a 1 c mine d 1");
  EXPECT_EQ(Backwards(batch), "d 1 c mine a 1");
  EXPECT_EQ(ValueOf(batch, "b"), "nothing");
  ASSERT_TRUE(db_->Put("b", "later"));  // The batch is newer than all that the database has.
  EXPECT_EQ(ValueOf(batch, "b"), "nothing");
  ASSERT_TRUE(batch.DeletePrefix(""));
  EXPECT_EQ(Contents(batch), "");
  ASSERT_EQ(Text(db_->Write(batch)), "");
  EXPECT_EQ(Contents(*db_), "");
}

TEST_F(IndexedBatchTest, MergesFoldOverWhatIsBelow) {
  ASSERT_TRUE(db_->Put("n", Number(5)));
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_TRUE(db_->Merge("n", Number(10)));
  IndexedBatch batch(*db_);
  int64_t sum = 15;
  for (int64_t i = 0; i < 200; ++i) {  // More than a folded stretch of operands.
    ASSERT_TRUE(batch.Merge("n", Number(i)));
    ASSERT_EQ(ValueOf(batch, "n"), Number(sum += i));
  }
  EXPECT_EQ(Contents(batch), "n " + Number(sum));
  EXPECT_EQ(Backwards(batch), "n " + Number(sum));
  ASSERT_TRUE(batch.Merge("new", Number(1)));
  EXPECT_EQ(ValueOf(batch, "new"), Number(1));
  ASSERT_EQ(Text(db_->Write(batch)), "");
  EXPECT_EQ(ValueOf(*db_, "n"), Number(sum));
}

TEST_F(IndexedBatchTest, ManyEntriesTwoFamilies) {
  const Family users = db_->CreateFamily("users").value();
  for (int i = 0; i < 300; i += 3) ASSERT_TRUE(users.Put(Key(i), "old"));
  IndexedBatch batch(*db_);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(i % 2 == 0 ? batch.Put(users, Key(i), "new") : batch.Delete(users, Key(i)));
    ASSERT_TRUE(batch.Put(Key(i), "default"));
    ASSERT_EQ(batch.Get(users, Key(i)).value().value_or("nothing"), i % 2 == 0 ? "new" : "nothing");
  }
  Iterator iterator = batch.NewIterator(users);
  int next = 0;
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next(), next += 2) {
    ASSERT_EQ(iterator.key(), Key(next));
    ASSERT_EQ(iterator.value(), "new");
  }
  EXPECT_EQ(next, 300);
  EXPECT_EQ(batch.Get(users, Key(1)).value(), std::nullopt);
  const std::vector<std::string_view> keys = {"none"};
  EXPECT_EQ(batch.MultiGet(users, keys)[0].value(), std::nullopt);
  ASSERT_EQ(Text(db_->Write(batch)), "");
  EXPECT_EQ(users.Get(Key(1)).value(), std::nullopt);
  EXPECT_EQ(users.Get(Key(2)).value(), "new");
}

TEST_F(IndexedBatchTest, ClearedBatchHoldsNothingAndIteratorsGoOn) {
  IndexedBatch batch(*db_);
  ASSERT_TRUE(batch.Put("a", "1"));
  Iterator iterator = batch.NewIterator();
  iterator.SeekToFirst();
  batch.Clear();
  EXPECT_EQ(Contents(batch), "");
  ASSERT_TRUE(batch.Put("b", "2"));
  EXPECT_EQ(Contents(batch), "b 2");
  ASSERT_TRUE(iterator.Valid());
  EXPECT_EQ(iterator.key(), "a");
  iterator.SeekToFirst();
  EXPECT_EQ(iterator.value(), "1");
  EXPECT_EQ(batch.batch().Count(), 1u);
}

TEST_F(IndexedBatchTest, ATtlBeginsWhenItIsPut) {
  IndexedBatch batch(*db_);
  ASSERT_TRUE(batch.Put("gone", "1", ExpiresAt(std::chrono::system_clock::now() - std::chrono::hours(1))));
  ASSERT_TRUE(batch.Put("kept", "1", ExpiresAfter(std::chrono::hours(1))));
  EXPECT_EQ(Contents(batch), "kept 1");
  EXPECT_EQ(CodeOf(batch.Put("k", "1", ExpiresAfter(std::chrono::milliseconds(-1)))), ErrorCode::kInvalidArgument);
  ASSERT_EQ(Text(db_->Write(batch)), "");
  EXPECT_EQ(Contents(*db_), "kept 1");
  EXPECT_TRUE(db_->GetPinned("kept").value()->expires_at());
}

TEST_F(IndexedBatchTest, AnEntryThatCannotBeWrittenIsRefusedAndChangesNothing) {
  IndexedBatch batch(*db_);
  ASSERT_TRUE(batch.Put("a", "1"));
  EXPECT_EQ(CodeOf(batch.Put(std::string(kKeyBytesMax + 1, 'k'), "v")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(batch.Delete(std::string(kKeyBytesMax + 1, 'k'))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(batch.DeleteRange("b", "a")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(batch.Merge("n", "not eight bytes")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(batch.Put("v", std::string(options_.memory_budget_bytes, 'v'))), ErrorCode::kInvalidArgument);
  const Family plain = db_->CreateFamily("plain").value();
  EXPECT_EQ(CodeOf(batch.Merge(plain, "n", Number(1))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(batch.batch().Count(), 1u);
  EXPECT_EQ(Contents(batch), "a 1");
}

// The commit gives a date to what its family's ttl is for.
TEST_F(IndexedBatchTest, AnEntryWhoseDateWouldMakeTheBatchTooLargeIsRefusedWhenItIsWritten) {
  options_.memory_budget_bytes = size_t{4} << 20;
  options_.families["default"].ttl = std::chrono::hours(1);
  Reopen();
  const Family dated = db_->CreateFamily("dated", {.ttl = std::chrono::hours(1)}).value();
  const Family plain = db_->CreateFamily("plain").value();
  const std::string value(8, 'v');
  uint32_t counts[3] = {};
  for (size_t of = 0; of < 3; ++of) {
    Transaction t = db_->Begin();
    ASSERT_TRUE(t.SetSavepoint());
    for (int round = 0; round < 2; ++round) {  // What was rolled back takes no room.
      int i = 0;
      Status put;
      while (put) {
        const std::string key = support::Key(i++);
        put = of == 0 ? t.Put(key, value) : of == 1 ? t.Put(dated, key, value) : t.Put(plain, key, value);
      }
      EXPECT_EQ(CodeOf(put), ErrorCode::kInvalidArgument);
      counts[of] = t.Count();
      if (round == 0) ASSERT_TRUE(t.RollbackToSavepoint());
    }
    EXPECT_EQ(support::Text(t.Commit()), "");
  }
  EXPECT_LT(counts[0], counts[2]);
  EXPECT_LT(counts[1], counts[2]);
}

TEST_F(IndexedBatchTest, AnIndexTakesMemoryForWhatItHoldsAndNotForWhatItReserves) {
  options_.memory_budget_bytes = size_t{64} << 20;
  Reopen();
  const auto& budget = *db_->engine()->database().budget;
  transactions::OwnWrites writes(db_->engine(), transactions::OwnWrites::ReadTime::kFixed);
  constexpr size_t kValueBytes = size_t{8} << 20;
  ASSERT_TRUE(writes.Put(nullptr, "large", std::string(kValueBytes, 'v'), {}));
  const size_t before = budget.memtable_bytes();
  const auto index = writes.Index();
  ASSERT_TRUE(index);
  EXPECT_TRUE(index->buffer->memtable.HasRoom(kValueBytes / 2));  // For what comes next.
  EXPECT_LT(budget.memtable_bytes() - before, kValueBytes + kValueBytes / 4);
}

TEST_F(IndexedBatchTest, ForeignAndDroppedFamiliesAndDatabases) {
  const support::TempDirectory directory;
  const auto other = support::OpenOrFail(directory.path(), options_);
  const Family foreign = other->CreateFamily("foreign").value();
  IndexedBatch batch(*db_);
  EXPECT_EQ(CodeOf(batch.Put(foreign, "a", "1")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(batch.Get(foreign, "a")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(batch.NewIterator(foreign).status()), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(batch.Put("a", "1"));
  EXPECT_EQ(CodeOf(other->Write(batch)), ErrorCode::kInvalidArgument);
  const Family users = db_->CreateFamily("users").value();
  ASSERT_TRUE(batch.Put(users, "a", "1"));
  ASSERT_TRUE(db_->DropFamily(users));
  EXPECT_EQ(CodeOf(batch.Get("a")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kInvalidArgument);
  batch.Clear();
  EXPECT_EQ(ValueOf(batch, "a"), "nothing");
}

TEST_F(IndexedBatchTest, OutlivesItsDatabase) {
  IndexedBatch batch(*db_);
  ASSERT_TRUE(batch.Put("a", "1"));
  Iterator iterator = batch.NewIterator();
  iterator.SeekToFirst();
  db_.reset();
  EXPECT_EQ(CodeOf(batch.Get("a")), ErrorCode::kClosed);
  EXPECT_EQ(iterator.key(), "a");
  iterator.Next();
  EXPECT_EQ(CodeOf(iterator.status()), ErrorCode::kClosed);
}

}  // namespace
}  // namespace amethyst
