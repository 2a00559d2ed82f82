#include "catalog/catalog_state.h"

#include <gtest/gtest.h>

#include "tree/tables.h"

namespace amethyst::catalog {
namespace {

TEST(CatalogState, IsRebuiltByItsSnapshot) {
  const auto store = tree::NewStore(NewInMemoryEnvironment());
  CatalogState state((key::Order()));
  tree::VersionEdit edit;
  edit.database_uid = base::Uid{1, 2};
  edit.comparator_name = "order";
  edit.added = {tree::FakeTable(0, 1, "a", "z"), tree::FakeTable(0, 2, "a", "z"), tree::FakeTable(3, 7, "k", "l"),
                tree::FakeTable(3, 4, "a", "b")};
  edit.flushed_sequence = key::SequenceNumber{4};
  edit.first_log_segment = key::FileNumber{3};
  edit.clean_log_end = wal::LogCut{key::FileNumber{3}, 99, key::SequenceNumber{50}, 5, 6};
  edit.delete_time = tree::DeleteTime{.seconds = 1000, .ahead_of_wall = 10};
  edit.oldest_delete_s = 900;
  state = state.After(edit, tree::MakerFor(store)).value();
  EXPECT_EQ(state.next_file_number, key::FileNumber{8});    // Past every table.
  EXPECT_EQ(state.last_sequence, key::SequenceNumber{12});  // Of table 7.

  const CatalogState rebuilt = CatalogState(key::Order()).After(state.Snapshot(), tree::MakerFor(store)).value();
  EXPECT_EQ(rebuilt.Snapshot(), state.Snapshot());
  EXPECT_EQ(rebuilt.forest->default_family().version->level0()[0]->number(), key::FileNumber{2});
  EXPECT_EQ(rebuilt.clean_log_end, edit.clean_log_end);
  EXPECT_EQ(rebuilt.delete_time, edit.delete_time);
  EXPECT_EQ(rebuilt.oldest_delete_s, edit.oldest_delete_s);
}

// Jobs that end at the same time may write their edits in another order than they took their times.
TEST(CatalogState, TheTimeOfDeletesNeverGoesBack) {
  const auto store = tree::NewStore(NewInMemoryEnvironment());
  tree::VersionEdit edit;
  edit.delete_time = tree::DeleteTime{.seconds = 1000, .ahead_of_wall = 10};
  const CatalogState state = CatalogState(key::Order()).After(edit, tree::MakerFor(store)).value();
  tree::VersionEdit older;
  older.delete_time = tree::DeleteTime{.seconds = 999, .ahead_of_wall = 0};
  EXPECT_EQ(state.After(older, tree::MakerFor(store)).value().delete_time, edit.delete_time);
  EXPECT_EQ(state.After(tree::VersionEdit(), tree::MakerFor(store)).value().delete_time, edit.delete_time);
}

// I12
TEST(CatalogState, NumbersOnlyGrowAndACleanEndHoldsUntilTheNextEdit) {
  const auto store = tree::NewStore(NewInMemoryEnvironment());
  tree::VersionEdit edit;
  edit.flushed_sequence = key::SequenceNumber{100};
  edit.first_log_segment = key::FileNumber{10};
  edit.next_file_number = key::FileNumber{20};
  edit.last_sequence = key::SequenceNumber{50};
  edit.clean_log_end = wal::LogCut{.segment = key::FileNumber{10}};
  const CatalogState state = CatalogState(key::Order()).After(edit, tree::MakerFor(store)).value();
  EXPECT_EQ(state.last_sequence, key::SequenceNumber{100});
  tree::VersionEdit older;
  older.flushed_sequence = key::SequenceNumber{1};
  older.first_log_segment = key::FileNumber{1};
  older.next_file_number = key::FileNumber{1};
  older.last_sequence = key::SequenceNumber{1};
  const CatalogState next = state.After(older, tree::MakerFor(store)).value();
  EXPECT_EQ(next.flushed_sequence, key::SequenceNumber{100});
  EXPECT_EQ(next.first_log_segment, key::FileNumber{10});
  EXPECT_EQ(next.next_file_number, key::FileNumber{20});
  EXPECT_EQ(next.last_sequence, key::SequenceNumber{100});
  EXPECT_FALSE(next.clean_log_end.has_value());
}

TEST(CatalogState, TheEndOfAnEmptyLogHoldsUntilASegmentIsNamed) {
  const auto store = tree::NewStore(NewInMemoryEnvironment());
  tree::VersionEdit closed;
  closed.first_log_segment = key::FileNumber{10};
  closed.clean_log_end = wal::LogCut{.segment = key::FileNumber{8}, .offset = 500};
  const CatalogState empty = CatalogState(key::Order()).After(closed, tree::MakerFor(store)).value();
  EXPECT_TRUE(empty.log_is_empty());
  tree::VersionEdit flush;
  flush.flushed_sequence = key::SequenceNumber{5};
  flush.first_log_segment = key::FileNumber{8};  // There is no newer one yet.
  const CatalogState flushed = empty.After(flush, tree::MakerFor(store)).value();
  EXPECT_EQ(flushed.clean_log_end, closed.clean_log_end);
  tree::VersionEdit begun;
  begun.first_log_segment = key::FileNumber{11};
  EXPECT_FALSE(flushed.After(begun, tree::MakerFor(store)).value().clean_log_end.has_value());
}

}  // namespace
}  // namespace amethyst::catalog
