#include "compaction/victim.h"

#include <gtest/gtest.h>

#include "compaction/hand_made_tree.h"

namespace amethyst::compaction {
namespace {

PlanContext ContextOf(const HandMadeTree& tree, const PlannerSettings& settings,
                      const std::vector<RunningOutput>& running) {
  return {tree.shape(), running, settings, TargetsOf(tree.shape(), running, settings)};
}

uint64_t ChosenVictim(const HandMadeTree& tree, const std::vector<RunningOutput>& running = {}) {
  const PlannerSettings settings;
  const TableShape* victim = ChooseVictim(ContextOf(tree, settings, running), 5);
  return victim == nullptr ? 0 : Raw(victim->number);
}

TEST(ChooseVictim, TakesTheLeastOverlapPerByte) {
  EXPECT_EQ(ChosenVictim({{.level = 5, .number = 11, .smallest = "a", .largest = "b", .mib = 10},
                          {.level = 5, .number = 12, .smallest = "c", .largest = "d", .mib = 30},
                          {.level = 6, .number = 1, .smallest = "a", .largest = "b", .mib = 100},
                          {.level = 6, .number = 2, .smallest = "c", .largest = "d", .mib = 200}}),
            12u);
}

TEST(ChooseVictim, TakesFirstWhatOverlapsNothing) {
  EXPECT_EQ(ChosenVictim({{.level = 5, .number = 11, .smallest = "a", .largest = "b", .mib = 1000},
                          {.level = 5, .number = 12, .smallest = "c", .largest = "d", .mib = 1},
                          {.level = 6, .number = 1, .smallest = "a", .largest = "b", .mib = 1}}),
            12u);
}

TEST(ChooseVictim, PassesOverBusyTablesAndRangesThatOthersWrite) {
  const HandMadeTree tree{{.level = 5, .number = 11, .smallest = "a", .largest = "b", .busy = true},
                          {.level = 5, .number = 12, .smallest = "c", .largest = "d"},
                          {.level = 5, .number = 13, .smallest = "e", .largest = "f"},
                          {.level = 5, .number = 14, .smallest = "g", .largest = "h"},
                          {.level = 6, .number = 1, .smallest = "c", .largest = "c", .mib = 1, .busy = true},
                          {.level = 6, .number = 2, .smallest = "e", .largest = "f", .mib = 1},
                          {.level = 6, .number = 3, .smallest = "g", .largest = "h", .mib = 500}};
  EXPECT_EQ(ChosenVictim(tree), 13u);
  EXPECT_EQ(ChosenVictim(tree, {{6, "e", "ea"}}), 14u);
  EXPECT_EQ(ChosenVictim(tree, {{6, "e", "h"}}), 0u);
}

TEST(ChooseVictim, PrefersDenseTombstonesAndAmongThemTheCheapest) {
  EXPECT_EQ(ChosenVictim({{.level = 5, .number = 11, .smallest = "a", .largest = "b", .mib = 1, .deletes = 501},
                          {.level = 5, .number = 12, .smallest = "c", .largest = "d", .mib = 100, .deletes = 500},
                          {.level = 5, .number = 13, .smallest = "e", .largest = "f", .mib = 2, .deletes = 900},
                          {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 100}}),
            13u);
}

TEST(HeatOf, IsTheShareOfKeysThatTablesAboveReplace) {
  const HandMadeTree tree{
      {.level = 0, .number = 20, .smallest = "a", .largest = "z", .sketch_first = 1, .sketch_count = 300'000},
      {.level = 4, .number = 15, .smallest = "a", .largest = "b", .sketch_first = 1, .sketch_count = 100'000},
      {.level = 5, .number = 11, .smallest = "a", .largest = "b", .sketch_first = 1, .sketch_count = 200'000},
      {.level = 5, .number = 12, .smallest = "c", .largest = "d", .sketch_first = 200'001, .sketch_count = 200'000},
      {.level = 5, .number = 13, .smallest = "e", .largest = "f", .sketch_first = 900'001, .sketch_count = 200'000},
      {.level = 5, .number = 14, .smallest = "g", .largest = "h"},
      {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 1000}};
  PlannerSettings settings;
  std::vector<RunningOutput> running;
  const std::vector<double> heat = HeatOf(ContextOf(tree, settings, running), 5);
  ASSERT_EQ(heat.size(), 4u);
  EXPECT_NEAR(heat[0], 1.5, 0.05);  // Once by level 0, and half of it by level 4.
  EXPECT_NEAR(heat[1], 0.5, 0.05);
  EXPECT_NEAR(heat[2], 0, 0.05);
  EXPECT_EQ(heat[3], 0);  // Nothing is known of it.
  settings.use_sketches = false;
  EXPECT_EQ(HeatOf(ContextOf(tree, settings, running), 5), std::vector<double>(4, 0.0));
}

}  // namespace
}  // namespace amethyst::compaction
