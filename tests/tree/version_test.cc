#include "tree/version.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tree/tables.h"

namespace amethyst::tree {
namespace {

class VersionTest : public testing::Test {
 protected:
  Result<std::shared_ptr<const Version>> Apply(const Version& version, const VersionEdit& edit) {
    return version.Apply(edit, MakerFor(store_));
  }
  std::shared_ptr<const Version> MustApply(const Version& version, const VersionEdit& edit) {
    auto next = Apply(version, edit);
    EXPECT_TRUE(next) << next.error().ToString();
    return *next;
  }
  ErrorCode Refusal(const Version& version, const VersionEdit& edit) {
    const auto next = Apply(version, edit);
    EXPECT_FALSE(next);
    return next ? ErrorCode::kClosed : next.error().code();
  }

  std::shared_ptr<TableStore> store_ = NewStore(NewInMemoryEnvironment());
  const Version empty_{key::Order()};
};

std::vector<uint64_t> Numbers(std::span<const TablePtr> tables) {
  std::vector<uint64_t> numbers;
  for (const TablePtr& table : tables) numbers.push_back(key::Raw(table->number()));
  return numbers;
}
using Expected = std::vector<uint64_t>;

// I13, I14
TEST_F(VersionTest, KeepsLevel0NewestFirstAndOtherLevelsSorted) {
  VersionEdit edit;
  edit.added = {FakeTable(0, 1, "a", "z"), FakeTable(0, 2, "a", "m"), FakeTable(2, 3, "m", "p"),
                FakeTable(2, 4, "a", "c"), FakeTable(2, 5, "x", "x")};
  const auto version = MustApply(empty_, edit);
  EXPECT_EQ(Numbers(version->level0()), (Expected{2, 1}));
  EXPECT_EQ(Numbers(version->tables(2)), (Expected{4, 3, 5}));
  EXPECT_EQ(version->LevelBytes(2), 103u + 104 + 105);
  edit.added = {FakeTable(0, 9, "a", "b")};
  edit.removed = {{0, key::FileNumber{1}}, {2, key::FileNumber{3}}};
  const auto next = MustApply(*version, edit);
  EXPECT_EQ(Numbers(next->level0()), (Expected{9, 2}));
  EXPECT_EQ(Numbers(next->tables(2)), (Expected{4, 5}));
  EXPECT_EQ(Numbers(version->tables(2)), (Expected{4, 3, 5}));  // Immutable.
  EXPECT_EQ(next->FindTable(0, key::FileNumber{2}).get(), version->FindTable(0, key::FileNumber{2}).get());
}

TEST_F(VersionTest, MovesATableAsTheSameObject) {
  VersionEdit edit;
  edit.added = {FakeTable(0, 1, "a", "b")};
  const auto version = MustApply(empty_, edit);
  VersionEdit move;
  move.added = {FakeTable(3, 1, "a", "b")};
  move.removed = {{0, key::FileNumber{1}}};
  const auto next = MustApply(*version, move);
  EXPECT_TRUE(next->level0().empty());
  EXPECT_EQ(next->tables(3)[0].get(), version->level0()[0].get());
  move.added[0].info.digest ^= 1;
  EXPECT_EQ(Refusal(*version, move), ErrorCode::kCorruption);
}

TEST_F(VersionTest, RefusesEditsThatDoNotFit) {
  VersionEdit edit;
  edit.added = {FakeTable(1, 1, "b", "d"), FakeTable(0, 2, "a", "z")};
  const auto version = MustApply(empty_, edit);
  const auto refused_with = [&](std::vector<AddedTable> added, std::vector<RemovedTable> removed) {
    VersionEdit bad;
    bad.added = std::move(added);
    bad.removed = std::move(removed);
    return Refusal(*version, bad) == ErrorCode::kCorruption;
  };
  EXPECT_TRUE(refused_with({}, {{1, key::FileNumber{7}}}));
  EXPECT_TRUE(refused_with({}, {{2, key::FileNumber{1}}}));
  EXPECT_TRUE(refused_with({}, {{1, key::FileNumber{1}}, {1, key::FileNumber{1}}}));
  EXPECT_TRUE(refused_with({FakeTable(1, 1, "x", "y")}, {}));
  EXPECT_TRUE(refused_with({FakeTable(4, 2, "x", "y")}, {}));
  EXPECT_TRUE(refused_with({FakeTable(4, 3, "x", "y"), FakeTable(5, 3, "x", "y")}, {}));
  EXPECT_TRUE(refused_with({FakeTable(4, 1, "b", "d"), FakeTable(5, 1, "b", "d")}, {{1, key::FileNumber{1}}}));
  // No two files of a level hold versions of one key.
  EXPECT_TRUE(refused_with({FakeTable(1, 3, "d", "e")}, {}));
  EXPECT_TRUE(refused_with({FakeTable(1, 3, "a", "b")}, {}));
  EXPECT_TRUE(refused_with({FakeTable(1, 3, "c", "c")}, {}));
  EXPECT_TRUE(refused_with({FakeTable(1, 3, "a", "z")}, {}));
  VersionEdit good;
  good.added = {FakeTable(0, 3, "a", "z"), FakeTable(1, 4, "e", "f"), FakeTable(1, 5, "a", "a")};
  EXPECT_TRUE(Apply(*version, good));
  // Sizes and bounds that cannot be.
  EXPECT_TRUE(refused_with({FakeTable(0, 3, "b", "a")}, {}));
  AddedTable bad = FakeTable(0, 3, "a", "b");
  bad.info.entries = 0;
  bad.info.deletes = 0;
  EXPECT_TRUE(refused_with({bad}, {}));
  bad = FakeTable(0, 3, "a", "b");
  bad.info.file_bytes = 0;
  EXPECT_TRUE(refused_with({bad}, {}));
}

TEST_F(VersionTest, FindsOverlappingTablesAsALinearScanDoes) {
  base::Random random(1);
  VersionEdit edit;
  for (uint64_t i = 0; i < 30; ++i) {
    const std::string begin = std::to_string(100 + 20 * i + random.Below(5));
    const std::string end = std::to_string(100 + 20 * i + 5 + random.Below(10));
    edit.added.push_back(FakeTable(1, i + 1, begin, end));
    edit.added.push_back(FakeTable(0, i + 100, begin, std::to_string(100 + random.Below(600) + 300)));
    if (edit.added.back().info.largest < begin) edit.added.back().info.largest = begin;
  }
  const auto version = MustApply(empty_, edit);
  for (int i = 0; i < 2000; ++i) {
    const std::string a = std::to_string(90 + random.Below(650));
    const std::string b = std::to_string(90 + random.Below(650));
    const std::optional<std::string_view> begin =
        random.OneIn(8) ? std::nullopt : std::optional<std::string_view>(std::min(a, b));
    const std::optional<std::string_view> end =
        random.OneIn(8) ? std::nullopt : std::optional<std::string_view>(std::max(a, b));
    for (const key::Level level : {0u, 1u, 2u}) {
      Expected expected;
      for (const TablePtr& table : version->tables(level)) {
        if (begin && table->info().largest < *begin) continue;
        if (end && table->info().smallest > *end) continue;
        expected.push_back(key::Raw(table->number()));
      }
      ASSERT_EQ(Numbers(version->Overlapping(level, begin, end)), expected);
    }
  }
}

}  // namespace
}  // namespace amethyst::tree
