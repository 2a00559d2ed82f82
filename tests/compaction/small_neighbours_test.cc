#include "compaction/small_neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compaction/hand_made_tree.h"
#include "compaction/planner.h"
#include "compaction/simulated_tree.h"

namespace amethyst::compaction {
namespace {

// Tables of the last level with these sizes in MiB; below 4 they are small.
HandMadeTree TreeOf(const std::vector<uint64_t>& sizes, size_t busy = ~size_t{0}) {
  std::vector<HandMadeTable> tables;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::string key(1, static_cast<char>('a' + i));
    tables.push_back(
        {.level = 6, .number = i + 1, .smallest = key, .largest = key, .mib = sizes[i], .busy = i == busy});
  }
  return HandMadeTree(tables);
}

std::string Choice(const TreeShape& shape, const std::vector<RunningOutput>& running = {}) {
  return Describe(PlanCompaction(shape, running, {}), shape);
}

TEST(SmallNeighbours, AreMergedInPlace) {
  EXPECT_EQ(Choice(TreeOf({32, 1, 1, 2, 1, 32}).shape()),
            "merge 6 -> 6: 4 small tables of level 6 are neighbours\n"
            "  upper 000002 [b b] 1048576 bytes\n"
            "  upper 000003 [c c] 1048576 bytes\n"
            "  upper 000004 [d d] 2097152 bytes\n"
            "  upper 000005 [e e] 1048576 bytes\n");
}

TEST(SmallNeighbours, StayWhereTheyAreTooFewOrNotSmallOrNotNeighbours) {
  EXPECT_EQ(Choice(TreeOf({1, 1, 1}).shape()), "nothing\n");
  EXPECT_EQ(Choice(TreeOf({4, 4, 4, 4, 4, 4}).shape()), "nothing\n");
  EXPECT_EQ(Choice(TreeOf({1, 1, 4, 1, 1, 4, 1, 1, 1}).shape()), "nothing\n");
}

TEST(SmallNeighbours, AreNotMergedWithATableThatOutweighsThem) {
  PlannerSettings settings;
  settings.write_buffer_bytes = uint64_t{400} << 20;
  settings.table_bytes = settings.write_buffer_bytes;
  const auto choice = [&](const std::vector<uint64_t>& sizes) {
    const HandMadeTree tree = TreeOf(sizes);
    return PlanCompaction(tree.shape(), {}, settings).upper.size();
  };
  EXPECT_EQ(choice({40, 10, 10, 10}), 0u);
  EXPECT_EQ(choice({30, 10, 10, 10}), 4u);
  EXPECT_EQ(choice({40, 1, 1, 2, 1}), 4u) << "those beside it go together";
  EXPECT_EQ(choice({1, 1, 2, 1, 40}), 4u);
  EXPECT_EQ(choice({40, 18, 8, 3, 1}), 0u) << "a table that is rewritten is at least doubled";
}

TEST(SmallNeighbours, NoMoreThanFitIntoOneTableGoTogether) {
  const HandMadeTree tree = TreeOf({3, 3, 3, 3, 3, 3, 3, 3, 3, 3});
  EXPECT_EQ(PlanCompaction(tree.shape(), {}, {}).upper.size(), 5u) << "of 32 MiB, of which half is left";
}

TEST(SmallNeighbours, LeaveOutBusyTablesAndStayOutOfTheWayOfJobs) {
  const HandMadeTree tree = TreeOf({1, 1, 1, 1, 1, 1, 1, 1, 1}, 3);
  EXPECT_EQ(PlanCompaction(tree.shape(), {}, {}).upper.size(), 5u);
  EXPECT_EQ(Choice(tree.shape(), {{6, "f", "g"}}), "nothing\n");
}

TEST(SmallNeighbours, AreNotMergedWhereTheResultWouldBeDearToPushDown) {
  std::vector<HandMadeTable> tables;
  for (uint64_t i = 0; i < 4; ++i) {
    const std::string key(1, static_cast<char>('a' + i));
    tables.push_back({.level = 5, .number = i + 1, .smallest = key, .largest = key, .mib = 1});
  }
  tables.push_back({.level = 6, .number = 9, .smallest = "a", .largest = "h", .mib = 320});
  PlannerSettings settings;
  settings.level0_trigger = 1;  // So that the last level is too large to be the base.
  settings.write_buffer_bytes = uint64_t{40} << 20;
  EXPECT_EQ(PlanCompaction(HandMadeTree(tables).shape(), {}, settings).upper.size(), 4u);
  tables.back().mib = 1000;
  EXPECT_EQ(PlanCompaction(HandMadeTree(tables).shape(), {}, settings).kind, PlanKind::kNothing);
}

// A load that flushes an entry at a time, with keys that ascend: the tables stay few, and what that costs stays low.
TEST(SmallNeighbours, AThousandFlushesOfOneEntryLeaveFewTables) {
  PlannerSettings settings;
  settings.write_buffer_bytes = 100'000 * SimulatedTree::kEntryBytes;
  settings.table_bytes = settings.write_buffer_bytes;
  SimulatedTree tree;
  size_t most = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    tree.Flush({{i}});
    for (Plan plan = PlanCompaction(tree.shape(), {}, settings); plan.kind != PlanKind::kNothing;
         plan = PlanCompaction(tree.shape(), {}, settings)) {
      ASSERT_NO_FATAL_FAILURE(tree.Apply(plan, settings.table_bytes));
    }
    size_t tables = 0;
    for (const std::vector<TableShape>& level : tree.shape().levels) tables += level.size();
    most = std::max(most, tables);
  }
  EXPECT_LE(most, 16u);
  EXPECT_EQ(tree.Content().size(), 1000u);
  EXPECT_LE(tree.rewritten_bytes(), 10 * tree.flushed_bytes());
}

}  // namespace
}  // namespace amethyst::compaction
