#include "page/history.h"

#include <gtest/gtest.h>

namespace amethyst::page {
namespace {

tree::VersionEdit Adding(uint64_t number, key::Level level = 0) {
  tree::AddedTable table;
  table.level = level;
  table.number = key::FileNumber{number};
  table.info.smallest = "a";
  table.info.largest = "z";
  table.info.largest_sequence = key::SequenceNumber{number};
  tree::VersionEdit edit;
  edit.added.push_back(table);
  return edit;
}

tree::VersionEdit Removing(uint64_t number, key::Level level = 0) {
  tree::VersionEdit edit;
  edit.removed.push_back({.level = level, .number = key::FileNumber{number}});
  return edit;
}

TEST(History, BeginsWithWhatTheFirstRecordSays) {
  History history;
  EXPECT_EQ(history.Apply(Adding(1), 10), nullptr);
  EXPECT_EQ(history.base().levels[0].size(), 1u);
  EXPECT_TRUE(history.edits().empty());
}

TEST(History, ForgetsTheOldestEditsBeyondItsLimits) {
  History history({.edits = 2});
  EXPECT_EQ(history.Apply({}, 0), nullptr);
  for (uint64_t number = 1; number <= 5; ++number) ASSERT_NE(history.Apply(Adding(number), number), nullptr);
  EXPECT_EQ(history.edits().size(), 2u);
  EXPECT_EQ(history.edits().front().number, 4u);
  EXPECT_EQ(history.base().levels[0].size(), 3u);
  EXPECT_EQ(history.now().levels[0].size(), 5u);
  History small({.bytes = 1});
  EXPECT_EQ(small.Apply({}, 0), nullptr);
  for (uint64_t number = 1; number <= 5; ++number) ASSERT_NE(small.Apply(Adding(number), number), nullptr);
  EXPECT_EQ(small.edits().size(), 1u);
}

TEST(History, PassesOverEditsThatChangeNoTable) {
  History history;
  EXPECT_EQ(history.Apply({}, 0), nullptr);
  tree::VersionEdit edit;
  edit.flushed_sequence = key::SequenceNumber{7};
  EXPECT_EQ(history.Apply(edit, 1), nullptr);
  edit = Adding(3);
  edit.added.front().holds_tombstones = true;
  EXPECT_EQ(history.Apply(edit, 1), nullptr);
  EXPECT_EQ(history.Apply(Removing(3), 1), nullptr);
}

TEST(History, BringsAnotherStateByOneEdit) {
  History history;
  EXPECT_EQ(history.Apply(Adding(1), 0), nullptr);
  ASSERT_NE(history.Apply(Adding(2), 0), nullptr);
  inspect::ManifestState state;
  state.Apply(Adding(2));
  state.Apply(Adding(3, 6));
  const TimedEdit* const edit = history.Replace(state, 5);
  ASSERT_NE(edit, nullptr);
  ASSERT_EQ(edit->edit.removed.size(), 1u);
  EXPECT_EQ(edit->edit.removed.front().number, key::FileNumber{1});
  ASSERT_EQ(edit->edit.added.size(), 1u);
  EXPECT_EQ(edit->edit.added.front().number, key::FileNumber{3});
  EXPECT_EQ(history.Replace(state, 6), nullptr);
}

}  // namespace
}  // namespace amethyst::page
