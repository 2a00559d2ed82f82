// What those who read already see of a range delete: snapshots and iterators that were made before it, and after.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "api/range_delete_fixture.h"

namespace amethyst {
namespace {

using support::Text;

TEST_F(RangeDelete, IsNotSeenByASnapshotFromBefore) {
  Put("abcdef");
  ASSERT_TRUE(db_->Flush());
  Put("c", "newer");
  Content before = Of("abcdef");
  before["c"] = "newer";
  const Snapshot snapshot = db_->GetSnapshot();
  ASSERT_EQ(Text(db_->DeleteRange("b", "e")), "");
  const Snapshot behind = db_->GetSnapshot();
  Put("d", "later");
  Content now = Of("aef");
  now["d"] = "later";
  for (const std::string_view stage : {"in memory", "flushed", "compacted", "compacted again"}) {
    SCOPED_TRACE(stage);
    if (stage == "flushed") ASSERT_TRUE(db_->Flush());
    if (stage.starts_with("compacted")) ASSERT_TRUE(db_->CompactRange());
    ASSERT_NO_FATAL_FAILURE(ExpectContent(before, {.snapshot = &snapshot}));
    ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("aef"), {.snapshot = &behind}));
    ASSERT_NO_FATAL_FAILURE(ExpectContent(now));
  }
}

TEST_F(RangeDelete, ShowsEachSnapshotItsOwnState) {
  std::vector<std::pair<Snapshot, Content>> moments;
  Content content;
  const std::string keys = "abcdefghijkl";
  for (int round = 0; round < 24; ++round) {
    const auto begin = static_cast<size_t>(round * 5 % 12);
    const size_t end = std::min<size_t>(12, begin + 1 + static_cast<size_t>(round % 4));
    if (round % 2 == 0) {
      for (size_t i = begin; i < end; ++i) {
        Put(keys.substr(i, 1), std::to_string(round));
        content[keys.substr(i, 1)] = std::to_string(round);
      }
    } else {
      const std::string last(1, static_cast<char>('a' + end));
      ASSERT_TRUE(db_->DeleteRange(keys.substr(begin, 1), last));
      for (size_t i = begin; i < end; ++i) content.erase(keys.substr(i, 1));
    }
    moments.emplace_back(db_->GetSnapshot(), content);
    if (round % 5 == 4) ASSERT_TRUE(db_->Flush());
    if (round % 11 == 10) ASSERT_TRUE(db_->CompactRange());
  }
  const auto expect_all = [&] {
    for (const auto& [snapshot, expected] : moments) {
      ASSERT_NO_FATAL_FAILURE(ExpectContent(expected, {.snapshot = &snapshot})) << snapshot.sequence();
    }
  };
  ASSERT_NO_FATAL_FAILURE(expect_all());
  ASSERT_TRUE(db_->Flush());
  ASSERT_NO_FATAL_FAILURE(expect_all());
  while (!moments.empty()) {
    moments.erase(moments.begin() + static_cast<ptrdiff_t>(moments.size() / 3));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->CompactRange());
    ASSERT_NO_FATAL_FAILURE(expect_all());
  }
  ASSERT_NO_FATAL_FAILURE(ExpectContent(content));
}

// Of one that stands in the range, too: its key and value stay, and it goes on among the old ones.
TEST_F(RangeDelete, IsNotSeenByAnIteratorFromBefore) {
  for (const bool in_tables : {false, true}) {
    for (const bool compacted : {false, true}) {
      SCOPED_TRACE(std::string(in_tables ? "in tables" : "in memory") + (compacted ? ", compacted" : ""));
      Put("abcdefg");
      if (in_tables) ASSERT_TRUE(db_->Flush());
      Iterator inside = db_->NewIterator();
      Iterator back = db_->NewIterator();
      Iterator unplaced = db_->NewIterator();
      inside.Seek("c");
      back.SeekForPrev("e");
      ASSERT_EQ(Text(db_->DeleteRange("b", "f")), "");
      if (compacted) {
        ASSERT_TRUE(db_->Flush());
        ASSERT_TRUE(db_->CompactRange());
      }
      ASSERT_TRUE(inside.Valid());
      EXPECT_EQ(inside.key(), "c");
      EXPECT_EQ(inside.value(), "c");
      std::string walked;
      for (; inside.Valid(); inside.Next()) walked += inside.key();
      EXPECT_EQ(walked, "cdefg");
      walked.clear();
      for (; back.Valid(); back.Prev()) walked += back.key();
      EXPECT_EQ(walked, "edcba");
      walked.clear();
      for (unplaced.SeekToFirst(); unplaced.Valid(); unplaced.Next()) walked += unplaced.key();
      EXPECT_EQ(walked, "abcdefg");
      inside.Seek("d");
      ASSERT_TRUE(inside.Valid());
      EXPECT_EQ(inside.key(), "d") << "a seek does not make it younger";
      inside.Prev();
      ASSERT_TRUE(inside.Valid());
      EXPECT_EQ(inside.key(), "c");
      ASSERT_NO_FATAL_FAILURE(ExpectContent(Of("afg")));
    }
  }
}

TEST_F(RangeDelete, IsPassedByANewIteratorInBothDirections) {
  // Enough that whole blocks, tables and trees are passed.
  constexpr int kKeys = 3'000;
  const std::string value(100, 'v');
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(db_->Put(support::Key(static_cast<uint64_t>(i)), value));
    ASSERT_TRUE(db_->Flush());
    if (round == 0) ASSERT_TRUE(db_->CompactRange());
  }
  const Snapshot snapshot = db_->GetSnapshot();  // So that nothing goes.
  ASSERT_TRUE(db_->DeleteRange(support::Key(500), support::Key(1'700)));
  ASSERT_TRUE(db_->Put(support::Key(1'000), "later"));
  ASSERT_TRUE(db_->DeleteRange(support::Key(1'600), support::Key(2'500)));
  const auto expect = [&](std::string_view stage) {
    SCOPED_TRACE(stage);
    Iterator it = db_->NewIterator();
    it.Seek(support::Key(498));
    std::vector<std::string> keys;
    for (int i = 0; i < 4 && it.Valid(); ++i, it.Next()) keys.emplace_back(it.key());
    EXPECT_EQ(keys, std::vector<std::string>(
                        {support::Key(498), support::Key(499), support::Key(1'000), support::Key(2'500)}));
    it.SeekForPrev(support::Key(2'501));
    keys.clear();
    for (int i = 0; i < 5 && it.Valid(); ++i, it.Prev()) keys.emplace_back(it.key());
    EXPECT_EQ(keys, std::vector<std::string>({support::Key(2'501), support::Key(2'500), support::Key(1'000),
                                              support::Key(499), support::Key(498)}));
    // To and fro at the edges of what is covered.
    it.Seek(support::Key(700));
    ASSERT_TRUE(it.Valid());
    EXPECT_EQ(it.key(), support::Key(1'000));
    it.Prev();
    EXPECT_EQ(it.key(), support::Key(499));
    it.Next();
    EXPECT_EQ(it.key(), support::Key(1'000));
    it.Next();
    EXPECT_EQ(it.key(), support::Key(2'500));
    it.Prev();
    EXPECT_EQ(it.key(), support::Key(1'000));
    // Within bounds, which may lie in the middle of it.
    const std::string lower = support::Key(600), upper = support::Key(2'000);
    Iterator bounded = db_->NewIterator({.lower_bound = lower, .upper_bound = upper});
    keys.clear();
    for (bounded.SeekToFirst(); bounded.Valid(); bounded.Next()) keys.emplace_back(bounded.key());
    for (bounded.SeekToLast(); bounded.Valid(); bounded.Prev()) keys.emplace_back(bounded.key());
    EXPECT_EQ(keys, std::vector<std::string>(2, support::Key(1'000)));
    EXPECT_EQ(support::ContentOf(*db_).size(), 1'001u);
    EXPECT_EQ(support::ContentOf(*db_, {.snapshot = &snapshot}).size(), size_t{kKeys});
  };
  expect("in memory");
  ASSERT_TRUE(db_->Flush());
  expect("flushed");
  ASSERT_TRUE(db_->CompactRange());
  expect("compacted");
}

TEST_F(RangeDelete, IsPassedUnread) {
  const std::string value(400, 'v');
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(db_->Put(support::Key(static_cast<uint64_t>(i)), value));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  const Snapshot snapshot = db_->GetSnapshot();
  ASSERT_TRUE(db_->DeleteRange(support::Key(10), support::Key(19'990)));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  const Stats before = db_->GetStats();
  EXPECT_EQ(support::ContentOf(*db_).size(), 20u);
  const Stats after = db_->GetStats();
  EXPECT_LT(after.blocks_read - before.blocks_read, 60u);
}

// In tables that a snapshot keeps, where one newer entry stands among them.
TEST_F(RangeDelete, IsPassedUnreadOnTheWayBackToo) {
  const std::string value(400, 'v');
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(db_->Put(support::Key(static_cast<uint64_t>(i)), value));
  ASSERT_TRUE(db_->Flush());
  const Snapshot snapshot = db_->GetSnapshot();
  ASSERT_TRUE(db_->DeleteRange(support::Key(10), support::Key(19'990)));
  ASSERT_TRUE(db_->Put(support::Key(10'000), "newer"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  Iterator it = db_->NewIterator();
  const uint64_t before = db_->GetStats().blocks_read;
  it.Seek(support::Key(20));
  EXPECT_EQ(it.key(), support::Key(10'000));
  it.SeekForPrev(support::Key(9'999));
  EXPECT_EQ(it.key(), support::Key(9));
  EXPECT_LT(db_->GetStats().blocks_read - before, 60u);
}

TEST_F(RangeDelete, IsSeenByALookupOfWhatIsNowhere) {
  Put("c");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->DeleteRange("a", "z"));
  std::string value = "kept";
  EXPECT_EQ(db_->TryGetInto("c", &value).value(), std::optional(false)) << "no file needs to be read";
  EXPECT_EQ(db_->TryGetInto("m", &value).value(), std::optional(false));
  EXPECT_FALSE(db_->GetInto("c", &value).value());
  EXPECT_EQ(value, "kept");
  EXPECT_EQ(db_->GetPinned("c").value(), std::nullopt);
}

TEST_F(RangeDelete, LeavesAValueThatIsPinned) {
  Put("abc");
  ASSERT_TRUE(db_->Flush());
  const auto pinned = db_->GetPinned("b").value();
  ASSERT_TRUE(pinned);
  ASSERT_TRUE(db_->DeleteRange("a", "z"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_EQ(pinned->view(), "b");
}

}  // namespace
}  // namespace amethyst
