// Range deletes together with what else there is: merges, expiry, families, durability, sizes, space, logs.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/range_delete_fixture.h"

namespace amethyst {
namespace {

using std::chrono::seconds;
using support::CodeOf;
using support::Key;
using support::Text;

class RangeDeleteMerge : public RangeDelete {
 protected:
  void SetUp() override {
    options_.families["default"].merge_operator = Append(",");
    RangeDelete::SetUp();
  }
  void Merge(std::string_view key, std::string_view operand) { ASSERT_EQ(Text(db_->Merge(key, operand)), ""); }
};

TEST_F(RangeDeleteMerge, TakesOperandsAndTheirBaseAndLaterOnesStartFromNothing) {
  Put("abcd", "base");
  for (const std::string_view key : {"a", "b", "c"}) Merge(key, "1");
  ASSERT_TRUE(db_->DeleteRange("b", "e"));
  Merge("a", "2");
  Merge("b", "2");
  Merge("b", "3");
  Merge("e", "only");
  ExpectContentAtEachStage({{"a", "base,1,2"}, {"b", "2,3"}, {"e", "only"}});
}

TEST_F(RangeDeleteMerge, TakesThoseOfOtherTables) {
  Put("abc", "base");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  for (const std::string_view key : {"a", "b", "c"}) Merge(key, "1");
  ASSERT_TRUE(db_->Flush());
  const Snapshot snapshot = db_->GetSnapshot();
  ASSERT_TRUE(db_->DeleteRange("b", "c"));
  ASSERT_TRUE(db_->Flush());
  Merge("b", "2");
  Merge("c", "2");
  const auto expect = [&] {
    ASSERT_NO_FATAL_FAILURE(ExpectContent({{"a", "base,1"}, {"b", "2"}, {"c", "base,1,2"}}));
    ASSERT_NO_FATAL_FAILURE(
        ExpectContent({{"a", "base,1"}, {"b", "base,1"}, {"c", "base,1"}}, {.snapshot = &snapshot}));
  };
  ASSERT_NO_FATAL_FAILURE(expect());
  ASSERT_TRUE(db_->Flush());
  ASSERT_NO_FATAL_FAILURE(expect());
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_NO_FATAL_FAILURE(expect());
}

TEST_F(RangeDeleteMerge, LiesBetweenOperandsOfOneBatch) {
  WriteBatch batch;
  batch.Put("a", "base");
  batch.Merge("a", "1");
  batch.DeleteRange("a", "b");
  batch.Merge("a", "2");
  ASSERT_TRUE(db_->Write(batch));
  ExpectContentAtEachStage({{"a", "2"}});
}

TEST_F(RangeDelete, CoversWhatExpiresAndDoesNotExpire) {
  ASSERT_TRUE(db_->Put("a", "a", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Put("b", "b", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Put("c", "c"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->DeleteRange("b", "d"));
  ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("a")));
  ASSERT_TRUE(db_->Put("c", "short", {.ttl = seconds(10)}));
  ASSERT_NO_FATAL_FAILURE(ExpectContent({{"a", "a"}, {"c", "short"}}));
  environment_->clock().Advance(seconds(20));
  ExpectContentAtEachStage({});
}

TEST_F(RangeDelete, TakesNoExpiry) {
  Put("abc");
  EXPECT_EQ(CodeOf(db_->DeleteRange("a", "c", {.ttl = seconds(10)})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->DeletePrefix("a", {.ttl = seconds(10)})), ErrorCode::kInvalidArgument);
  ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("abc")));
}

TEST_F(RangeDelete, OfABatchWithAnExpiryIsNotChangedByIt) {
  Put("abc");
  WriteBatch batch;
  batch.DeleteRange("a", "c");
  batch.Put("b", "b");
  batch.DeletePrefix("c");
  ASSERT_EQ(Text(db_->Write(batch, {.ttl = seconds(10)})), "");
  ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("b")));
  environment_->clock().Advance(seconds(20));
  ExpectContentAtEachStage({});
}

TEST_F(RangeDelete, OfOneFamilyLeavesTheOthers) {
  const Family first = db_->CreateFamily("first").value();
  const Family second = db_->CreateFamily("second").value();
  for (const Family& family : {first, second}) {
    for (const std::string key : {"a", "b", "c"}) ASSERT_TRUE(family.Put(key, key));
  }
  Put("abc");
  ASSERT_TRUE(db_->Flush());
  ASSERT_EQ(Text(first.DeleteRange("b", std::nullopt)), "");
  WriteBatch batch;
  batch.DeletePrefix(second, "a");
  batch.DeleteRange("c", "d");
  ASSERT_EQ(Text(db_->Write(batch)), "");
  ASSERT_TRUE(db_->Put("d", "d"));
  const auto expect = [&] {
    ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("abd")));
    ASSERT_NO_FATAL_FAILURE(ExpectContentOf(db_->OpenFamily("first").value(), Of("a")));
    ASSERT_NO_FATAL_FAILURE(ExpectContentOf(db_->OpenFamily("second").value(), Of("bc")));
  };
  ASSERT_NO_FATAL_FAILURE(expect());
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(expect());
  ASSERT_TRUE(db_->Flush());
  ASSERT_NO_FATAL_FAILURE(expect());
  ASSERT_TRUE(db_->OpenFamily("first")->CompactRange());
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_NO_FATAL_FAILURE(expect());
  ASSERT_NO_FATAL_FAILURE(Reopen());
  ASSERT_NO_FATAL_FAILURE(expect());
}

TEST_F(RangeDelete, GoesWithItsFamily) {
  const Family family = db_->CreateFamily("family").value();
  for (const std::string key : {"a", "b", "c"}) ASSERT_TRUE(family.Put(key, key));
  ASSERT_TRUE(db_->Flush());
  const Snapshot snapshot = db_->GetSnapshot();
  ASSERT_TRUE(family.DeleteRange("b", "c"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_EQ(Tables().size(), 2u) << "a table of entries and one of tombstones";
  ASSERT_TRUE(db_->DropFamily(family));
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_EQ(Tables().size(), 0u);
  EXPECT_EQ(CodeOf(family.DeleteRange("b", "c")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(family.DeletePrefix("b")), ErrorCode::kInvalidArgument);
  WriteBatch batch;
  batch.DeleteRange(family, "a", "b");
  batch.Put("a", "a");
  EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kInvalidArgument);
  ExpectContentAtEachStage({});
}

TEST_F(RangeDelete, OfADroppedFamilyIsPassedOverInTheLog) {
  const Family family = db_->CreateFamily("family").value();
  ASSERT_TRUE(family.Put("b", "b"));
  ASSERT_TRUE(family.DeleteRange("a", "c"));
  Put("b");
  ASSERT_TRUE(db_->DropFamily(family));
  ASSERT_TRUE(db_->CreateFamily("family"));
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("b")));
  ASSERT_NO_FATAL_FAILURE(ExpectContentOf(db_->OpenFamily("family").value(), {}));
}

TEST_F(RangeDelete, IsAsDurableAsItsWriteAsks) {
  Put("abc");
  ASSERT_TRUE(db_->Flush());
  const uint64_t syncs = db_->GetStats().wal_syncs;
  ASSERT_TRUE(db_->DeleteRange("a", "b", {.durability = Durability::kSync}));
  EXPECT_GT(db_->GetStats().wal_syncs, syncs);
  const uint64_t logged = db_->GetStats().wal_bytes;
  ASSERT_TRUE(db_->DeleteRange("b", "c", {.durability = Durability::kNone}));
  EXPECT_EQ(db_->GetStats().wal_bytes, logged);
  ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("c")));
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("bc")));
  ASSERT_TRUE(db_->DeleteRange("b", "c", {.durability = Durability::kNone}));
  ASSERT_TRUE(db_->Flush());
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("c")));
}

TEST_F(RangeDelete, ComesBackFromTheLogWithTheWritesAroundIt) {
  Put("abcdef");
  ASSERT_TRUE(db_->DeleteRange("b", "e"));
  Put("c", "later");
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(Kill());
  Put("g");
  ASSERT_NO_FATAL_FAILURE(Kill());
  Content expected = Of("aefg");
  expected["c"] = "later";
  ExpectContentAtEachStage(expected);
}

TEST_F(RangeDelete, IsObeyedWhereNothingMayBeWritten) {
  Put("abcdef");
  ASSERT_TRUE(db_->Flush());
  const auto expect_read_only = [&](const Content& expected) {
    options_.read_only = true;
    Open();
    ASSERT_NO_FATAL_FAILURE(ExpectContent(expected));
    EXPECT_FALSE(db_->DeleteRange("a", "b"));
    ASSERT_NO_FATAL_FAILURE(Close());
    options_.read_only = false;
    Open();
  };
  ASSERT_TRUE(db_->DeleteRange("b", "d"));
  ASSERT_NO_FATAL_FAILURE(Kill());
  ASSERT_NO_FATAL_FAILURE(Close());
  ASSERT_NO_FATAL_FAILURE(expect_read_only(Of("adef")));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->DeleteRange("e", "f"));
  ASSERT_NO_FATAL_FAILURE(Close());
  ASSERT_NO_FATAL_FAILURE(expect_read_only(Of("adf")));
}

TEST_F(RangeDelete, GoesOnceItIsDone) {
  Put("abcdefg");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->DeleteRange("c", "e"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_EQ(Tables().size(), 2u) << "one of entries, one of tombstones";
  ASSERT_TRUE(db_->CompactRange());
  Put("z");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_EQ(Tables().size(), 1u);
  ExpectContentAtEachStage(Of("abefgz"));
}

class RangeDeleteSpace : public RangeDelete {
 protected:
  void SetUp() override {
    options_.compression = Compression::kNone;
    RangeDelete::SetUp();
  }
  // Several tables of them, in the last level.
  void Fill() {
    const std::string value(1'000, 'v');
    for (uint64_t i = 0; i < kKeys; ++i) ASSERT_TRUE(db_->Put(Key(i), value + Key(i * 7'919)));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->CompactRange());
    ASSERT_GT(Tables().size(), 2u);
  }
  static constexpr uint64_t kKeys = 12'000;
};

TEST_F(RangeDeleteSpace, OfWholeTablesComesBackUnread) {
  ASSERT_NO_FATAL_FAILURE(Fill());
  const Stats before = db_->GetStats();
  ASSERT_TRUE(db_->DeleteRange(std::nullopt, std::nullopt));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->WaitForIdle());
  const Stats after = db_->GetStats();
  EXPECT_EQ(after.compaction_bytes_read, before.compaction_bytes_read);
  EXPECT_EQ(after.compaction_bytes_written, before.compaction_bytes_written);
  EXPECT_EQ(Tables().size(), 0u) << "the range delete itself has gone, too";
  ASSERT_NO_FATAL_FAILURE(ExpectContent({}));
  Put("a");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_EQ(Tables().size(), 1u);
  ExpectContentAtEachStage(Of("a"));
}

TEST_F(RangeDeleteSpace, OfAPartComesBackButForItsEdges) {
  ASSERT_NO_FATAL_FAILURE(Fill());
  const size_t tables = Tables().size();
  ASSERT_TRUE(db_->DeleteRange(Key(10), Key(kKeys - 10)));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_LE(Tables().size(), 3u) << "of " << tables;
  EXPECT_EQ(support::ContentOf(*db_).size(), 20u);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_EQ(support::ContentOf(*db_).size(), 20u);
}

TEST_F(RangeDeleteSpace, IsKeptForASnapshot) {
  ASSERT_NO_FATAL_FAILURE(Fill());
  const std::vector<std::string> tables = Tables();
  {
    const Snapshot snapshot = db_->GetSnapshot();
    ASSERT_TRUE(db_->DeleteRange(std::nullopt, std::nullopt));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->WaitForIdle());
    const std::vector<std::string> now = Tables();
    EXPECT_TRUE(std::ranges::includes(now, tables));
    ASSERT_NO_FATAL_FAILURE(ExpectContent({}));
    EXPECT_EQ(support::ContentOf(*db_, {.snapshot = &snapshot}).size(), kKeys);
  }
  ASSERT_TRUE(db_->Put("a", "a"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_LE(Tables().size(), 2u);
  ExpectContentAtEachStage(Of("a"));
}

TEST_F(RangeDeleteSpace, IsNotCountedBySize) {
  ASSERT_NO_FATAL_FAILURE(Fill());
  const std::string begin = Key(0), end = Key(kKeys);
  const Snapshot snapshot = db_->GetSnapshot();  // The tables stay.
  const uint64_t before = db_->ApproximateSize(begin, end).value();
  ASSERT_GT(before, uint64_t{1} << 20);
  ASSERT_TRUE(db_->DeleteRange(std::nullopt, std::nullopt));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_LT(db_->ApproximateSize(begin, end).value(), before / 10);
}

}  // namespace
}  // namespace amethyst
