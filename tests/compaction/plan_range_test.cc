#include "compaction/planner.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "compaction/hand_made_tree.h"
#include "compaction/simulated_tree.h"

namespace amethyst::compaction {
namespace {

constexpr uint64_t kTableBytes = 50 * SimulatedTree::kEntryBytes;

PlannerSettings RangeSettings() {
  PlannerSettings settings;
  settings.write_buffer_bytes = 200 * SimulatedTree::kEntryBytes;
  settings.table_bytes = kTableBytes;
  return settings;
}

std::vector<SimulatedEntry> RandomEntries(base::Random& random, uint64_t first, uint64_t count, uint64_t stride_max,
                                          uint64_t delete_one_in) {
  std::vector<SimulatedEntry> entries;
  for (uint64_t key = first; entries.size() < count; key += 1 + random.Below(stride_max)) {
    entries.push_back({key, random.OneIn(delete_one_in)});
  }
  return entries;
}

TEST(PlanRange, BringsEverythingToTheLastLevelAndRidsItOfTombstones) {
  base::Random random(1);
  SimulatedTree tree;
  for (uint64_t i = 0; i < 5; ++i) tree.Place(6, RandomEntries(random, i * 1000, 100, 9, 5), 1);
  for (uint64_t i = 0; i < 3; ++i) tree.Place(4, RandomEntries(random, i * 1500, 100, 9, 3), 1);
  for (uint64_t i = 0; i < 3; ++i) tree.Place(0, RandomEntries(random, i * 700, 100, 30, 3), 1);
  const std::vector<uint64_t> before = tree.Content();
  RangeGoal goal;
  int steps = 0;
  for (; !goal.done; ++steps) {
    ASSERT_LT(steps, 100);
    const Plan plan = PlanRange(tree.shape(), {}, RangeSettings(), goal);
    if (plan.kind == PlanKind::kNothing) break;
    ASSERT_NO_FATAL_FAILURE(tree.Apply(plan, kTableBytes));
  }
  EXPECT_TRUE(goal.done);
  EXPECT_EQ(tree.Content(), before);
  for (key::Level level = 0; level < key::kLevels - 1; ++level) EXPECT_EQ(tree.LevelBytes(level), 0u) << level;
  EXPECT_EQ(tree.LevelBytes(6), before.size() * SimulatedTree::kEntryBytes);
}

TEST(PlanRange, LeavesTablesOutsideItsRange) {
  base::Random random(2);
  SimulatedTree tree;
  for (uint64_t i = 0; i < 10; ++i) tree.Place(5, RandomEntries(random, i * 1000, 50, 9, 1000));
  for (uint64_t i = 0; i < 10; ++i) tree.Place(6, RandomEntries(random, i * 1000, 50, 9, 1000));
  RangeGoal goal{.begin = KeyOf(3000), .end = KeyOf(4999), .first = {}};
  for (int steps = 0; !goal.done; ++steps) {
    ASSERT_LT(steps, 100);
    const Plan plan = PlanRange(tree.shape(), {}, RangeSettings(), goal);
    if (plan.kind == PlanKind::kNothing) break;
    ASSERT_NO_FATAL_FAILURE(tree.Apply(plan, kTableBytes));
  }
  EXPECT_TRUE(goal.done);
  EXPECT_EQ(tree.shape().levels[5].size(), 8u);
}

TEST(PlanRange, EndsWhileWritesAndCompactionsGoOn) {
  base::Random random(3);
  SimulatedTree tree;
  for (uint64_t i = 0; i < 60; ++i) tree.Place(6, RandomEntries(random, i * 1000, 50, 9, 1000));
  RangeGoal goal;
  int steps = 0;
  for (; !goal.done; ++steps) {
    ASSERT_LT(steps, 400);
    tree.Flush(RandomEntries(random, random.Below(1000), 200, 500, 10), 1);
    for (int i = 0; i < 3; ++i) {
      const Plan automatic = PlanCompaction(tree.shape(), {}, RangeSettings());
      if (automatic.kind != PlanKind::kNothing) {
        ASSERT_NO_FATAL_FAILURE(tree.Apply(automatic, kTableBytes));
      }
    }
    const Plan plan = PlanRange(tree.shape(), {}, RangeSettings(), goal);
    if (plan.kind != PlanKind::kNothing) {
      ASSERT_NO_FATAL_FAILURE(tree.Apply(plan, kTableBytes));
    }
  }
  EXPECT_GT(steps, 3);
}

TEST(PlanRange, TellsHeldUpFromDone) {
  const HandMadeTree busy{{.level = 5, .number = 2, .smallest = "a", .largest = "f", .busy = true},
                          {.level = 6, .number = 1, .smallest = "a", .largest = "z"}};
  RangeGoal goal;
  EXPECT_EQ(PlanRange(busy.shape(), {{6, "a", "z"}}, {}, goal).kind, PlanKind::kNothing);
  EXPECT_FALSE(goal.done);
  RangeGoal empty_goal;
  EXPECT_EQ(PlanRange({}, {}, {}, empty_goal).kind, PlanKind::kNothing);
  EXPECT_TRUE(empty_goal.done);
}

TEST(PlanRange, RewritesTheLastLevelOnceEvenIfSnapshotsKeepItsTombstones) {
  const HandMadeTree before{{.level = 6, .number = 1, .smallest = "a", .largest = "z", .deletes = 10}};
  RangeGoal goal;
  const Plan plan = PlanRange(before.shape(), {}, {}, goal);
  EXPECT_EQ(Describe(plan, before.shape()),
            "merge 6 -> 6: level 6 of a compaction by hand\n"
            "  upper 000001 [a z] 33554432 bytes\n");
  const HandMadeTree after{{.level = 6, .number = 2, .smallest = "a", .largest = "z", .deletes = 10}};
  EXPECT_EQ(PlanRange(after.shape(), {}, {}, goal).kind, PlanKind::kNothing);
  EXPECT_TRUE(goal.done);
}

TEST(PlanRange, MergesWhatIsSmallInTheLastLevel) {
  const HandMadeTree tree{{.level = 6, .number = 1, .smallest = "a", .largest = "b", .mib = 32},
                          {.level = 6, .number = 2, .smallest = "c", .largest = "c", .mib = 1},
                          {.level = 6, .number = 3, .smallest = "d", .largest = "d", .mib = 1},
                          {.level = 6, .number = 4, .smallest = "e", .largest = "e", .mib = 20}};
  RangeGoal goal;
  goal.begin = "c";
  EXPECT_EQ(Describe(PlanRange(tree.shape(), {}, {}, goal), tree.shape()),
            "merge 6 -> 6: level 6 of a compaction by hand\n"
            "  upper 000002 [c c] 1048576 bytes\n"
            "  upper 000003 [d d] 1048576 bytes\n");
}

TEST(PlanRange, TakesNeighborsTogetherUpToALimit) {
  SimulatedTree tree;
  base::Random random(4);
  for (uint64_t i = 0; i < 100; ++i) tree.Place(5, RandomEntries(random, i * 100, 50, 2, 1000));
  for (uint64_t i = 0; i < 100; ++i) tree.Place(6, RandomEntries(random, i * 100, 50, 2, 1000));
  RangeGoal goal;
  const Plan plan = PlanRange(tree.shape(), {}, RangeSettings(), goal);
  EXPECT_EQ(plan.upper.size(), 32u);
  EXPECT_EQ(plan.lower.size(), 32u);
}

}  // namespace
}  // namespace amethyst::compaction
