#include "compaction/level_targets.h"

#include <gtest/gtest.h>

#include "compaction/hand_made_tree.h"
#include "compaction/planner.h"

namespace amethyst::compaction {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kFull = 128 * kMiB;  // A full level 0: four write buffers of 32 MiB.

LevelTargets Targets(const HandMadeTree& tree, const std::vector<RunningOutput>& running = {}) {
  return TargetsOf(tree.shape(), running, {});
}

TEST(LevelTargets, SendAnEmptyTreeToTheLastLevel) {
  const LevelTargets targets = Targets({});
  EXPECT_EQ(targets.base, key::kLevels - 1);
  EXPECT_EQ(targets.last, key::kLevels - 1);
}

TEST(LevelTargets, MergeIntoTheLastLevelWhileThatIsSmall) {
  const LevelTargets targets = Targets({{.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 512}});
  EXPECT_EQ(targets.base, 6u);
}

TEST(LevelTargets, OpenALevelAboveWhenTheLastOutgrowsTheBase) {
  const LevelTargets targets = Targets({{.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 1000}});
  EXPECT_EQ(targets.base, 5u);
  EXPECT_EQ(targets.target[5], 100 * kMiB + kFull);
}

TEST(LevelTargets, GiveEachLevelATenthOfTheOneBelow) {
  const LevelTargets targets = Targets({{.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 100 * 1024}});
  EXPECT_EQ(targets.base, 3u);
  EXPECT_EQ(targets.target[5], 10 * kGiB);
  EXPECT_EQ(targets.target[4], kGiB);
  EXPECT_EQ(targets.target[3], kGiB / 10 + kFull);
  EXPECT_EQ(targets.target[2], 0u);
}

TEST(LevelTargets, LeaveInTheBaseTheRoomThatLevel0HasNotFilled) {
  const LevelTargets targets = Targets({{.level = 0, .number = 3, .smallest = "a", .largest = "z", .mib = 32},
                                        {.level = 0, .number = 2, .smallest = "a", .largest = "z", .mib = 32},
                                        {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 1000}});
  EXPECT_EQ(targets.target[5], 100 * kMiB + kFull - 64 * kMiB);
}

TEST(LevelTargets, KeepTheBaseWhenTheLastLevelShrinksALittle) {
  // 400 MiB would not open level 5; as it is there, it stays the base, with a floor for its size.
  const LevelTargets targets = Targets({{.level = 5, .number = 2, .smallest = "a", .largest = "z", .mib = 40},
                                        {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 400}});
  EXPECT_EQ(targets.base, 5u);
  EXPECT_EQ(targets.target[5], 512 * kMiB / 10 + kFull);
}

TEST(LevelTargets, GiveUpTheBaseWhenTheLastLevelShrinksALot) {
  const LevelTargets targets = Targets({{.level = 5, .number = 2, .smallest = "a", .largest = "z", .mib = 10},
                                        {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 100}});
  EXPECT_EQ(targets.base, 5u);  // Nothing is merged past it as long as it holds data.
  EXPECT_EQ(targets.target[5], 0u);
}

TEST(LevelTargets, CountALevelThatARunningJobWritesAsInUse) {
  const LevelTargets targets =
      Targets({{.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 100}}, {{5, "a", "b"}});
  EXPECT_EQ(targets.base, 5u);
}

TEST(LevelTargets, ScoreLevel0ByRunsAndByBytes) {
  EXPECT_DOUBLE_EQ(Level0Score(3, 0, {}), 0.75);
  EXPECT_DOUBLE_EQ(Level0Score(1, 256 * kMiB, {}), 2);
}

TEST(CompactionDebt, GrowsWithLevel0AndWithWhatOverflows) {
  const HandMadeTree settled({{.level = 5, .number = 2, .smallest = "a", .largest = "z", .mib = 100},
                              {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 1000}});
  EXPECT_EQ(CompactionDebt(settled.shape(), {}), 0u);
  const HandMadeTree over({{.level = 5, .number = 2, .smallest = "a", .largest = "z", .mib = 328},
                           {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 1000}});
  // 100 MiB too much, each of which is merged with some three of the last level.
  EXPECT_NEAR(static_cast<double>(CompactionDebt(over.shape(), {})) / kMiB, 100 + 100 * 1000.0 / 328, 1);
  const HandMadeTree runs({{.level = 0, .number = 6, .smallest = "a", .largest = "z"},
                           {.level = 0, .number = 5, .smallest = "a", .largest = "z"},
                           {.level = 0, .number = 4, .smallest = "a", .largest = "z"},
                           {.level = 0, .number = 3, .smallest = "a", .largest = "z"},
                           {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 100}});
  EXPECT_EQ(CompactionDebt(runs.shape(), {}), 228 * kMiB);
}

}  // namespace
}  // namespace amethyst::compaction
