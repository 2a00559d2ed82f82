// Covers: log_floor
#include "catalog/log_floor.h"

#include <gtest/gtest.h>

#include <vector>

namespace amethyst::catalog {
namespace {

LogFloor MemtableIn(uint64_t segment, uint64_t deletes_since_s) {
  return {.first_segment = key::FileNumber{segment}, .deletes_since_s = deletes_since_s};
}

TEST(LogFloor, IsWhereTheOldestMemtableBegins) {
  const std::vector memtables = {MemtableIn(3, 100), MemtableIn(3, 100), MemtableIn(7, 250)};
  EXPECT_EQ(FloorAfter(memtables, 0), MemtableIn(3, 100));
}

TEST(LogFloor, RisesOnceAllMemtablesThatBeginInASegmentAreFlushed) {
  const std::vector memtables = {MemtableIn(3, 100), MemtableIn(3, 120), MemtableIn(7, 250)};
  EXPECT_EQ(FloorAfter(memtables, 1), MemtableIn(3, 120));
  EXPECT_EQ(FloorAfter(memtables, 2), MemtableIn(7, 250));
}

TEST(LogFloor, IsNotedWithTheTimeOfItsDeletesAndNothingElse) {
  tree::VersionEdit edit;
  MemtableIn(7, 250).NoteIn(&edit);
  tree::VersionEdit expected;
  expected.first_log_segment = key::FileNumber{7};
  expected.oldest_delete_s = 250;
  EXPECT_EQ(edit, expected);
}

// I22
TEST(LogFloorDeathTest, MemtablesOutOfOrderAreNoFloor) {
  const std::vector memtables = {MemtableIn(7, 250), MemtableIn(3, 100)};
  EXPECT_DEATH(static_cast<void>(FloorAfter(memtables, 0)), "is_sorted");
}

TEST(LogFloorDeathTest, TheMemtableThatIsBeingFilledIsInNoTable) {
  const std::vector memtables = {MemtableIn(3, 100)};
  EXPECT_DEATH(static_cast<void>(FloorAfter(memtables, 1)), "flushed");
}

}  // namespace
}  // namespace amethyst::catalog
