// The planner's choices on hand-made trees, as golden text. Covers: steps, describe
#include "compaction/planner.h"

#include <gtest/gtest.h>

#include "compaction/hand_made_tree.h"

namespace amethyst::compaction {
namespace {

PlannerSettings Settings() {
  PlannerSettings settings;
  settings.now_s = 1'000'000;
  settings.oldest_snapshot = key::kSequenceMax;
  return settings;
}

std::string Choice(const HandMadeTree& tree, const PlannerSettings& settings = Settings(),
                   const std::vector<RunningOutput>& running = {}) {
  return Describe(PlanCompaction(tree.shape(), running, settings), tree.shape());
}

TEST(Plan, LeavesATreeInShapeAlone) {
  EXPECT_EQ(Choice({{.level = 0, .number = 9, .smallest = "a", .largest = "z"},
                    {.level = 5, .number = 3, .smallest = "a", .largest = "m", .mib = 60},
                    {.level = 6, .number = 1, .smallest = "a", .largest = "z", .mib = 1000}}),
            "nothing\n");
}

TEST(Plan, MergesAFullLevel0IntoTheBase) {
  EXPECT_EQ(Choice({{.level = 0, .number = 9, .smallest = "c", .largest = "p"},
                    {.level = 0, .number = 8, .smallest = "a", .largest = "n"},
                    {.level = 0, .number = 7, .smallest = "b", .largest = "k"},
                    {.level = 0, .number = 6, .smallest = "b", .largest = "o"},
                    {.level = 6, .number = 1, .smallest = "a", .largest = "h"},
                    {.level = 6, .number = 2, .smallest = "i", .largest = "p"},
                    {.level = 6, .number = 3, .smallest = "q", .largest = "z"}}),
            "merge 0 -> 6: level 0 has 4 runs, 134217728 bytes\n"
            "  upper 000009 [c p] 33554432 bytes\n"
            "  upper 000008 [a n] 33554432 bytes\n"
            "  upper 000007 [b k] 33554432 bytes\n"
            "  upper 000006 [b o] 33554432 bytes\n"
            "  lower 000001 [a h] 33554432 bytes\n"
            "  lower 000002 [i p] 33554432 bytes\n");
}

TEST(Plan, GathersTwiceAsManyRunsInLevel0WhileWritesPress) {
  const auto choice = [](uint64_t runs) {
    std::vector<HandMadeTable> tables;
    for (uint64_t run = runs; run > 0; --run) {
      tables.push_back({.level = 0, .number = 1 + run, .smallest = "a", .largest = "z", .mib = 16});
    }
    tables.push_back({.level = 6, .number = 1, .smallest = "a", .largest = "z"});
    PlannerSettings settings = Settings();
    settings.writes_press = true;
    return Choice(HandMadeTree(tables), settings);
  };
  EXPECT_EQ(choice(7), "nothing\n");
  EXPECT_TRUE(choice(8).starts_with("merge 0 -> 6: level 0 has 8 runs, 134217728 bytes\n")) << choice(8);
}

TEST(Plan, MergesSmallRunsOfLevel0WhereEveryFourthEntryIsATombstone) {
  EXPECT_EQ(Choice({{.level = 0, .number = 9, .smallest = "c", .largest = "p", .mib = 1, .deletes = 600},
                    {.level = 0, .number = 8, .smallest = "a", .largest = "n", .mib = 1}}),
            "merge 0 -> 6: 600 of 2000 entries of level 0 and below are tombstones\n"
            "  upper 000009 [c p] 1048576 bytes\n"
            "  upper 000008 [a n] 1048576 bytes\n");
  // They are too few, there is nothing that they delete, or what they lie over is too large.
  EXPECT_EQ(Choice({{.level = 0, .number = 9, .smallest = "c", .largest = "p", .mib = 1, .deletes = 400},
                    {.level = 0, .number = 8, .smallest = "a", .largest = "n", .mib = 1}}),
            "nothing\n");
  EXPECT_EQ(Choice({{.level = 0, .number = 9, .smallest = "c", .largest = "p", .mib = 1, .deletes = 600},
                    {.level = 6, .number = 8, .smallest = "q", .largest = "r", .mib = 1}}),
            "nothing\n");
  EXPECT_EQ(Choice({{.level = 0, .number = 9, .smallest = "c", .largest = "p", .mib = 1, .deletes = 1000},
                    {.level = 6, .number = 8, .smallest = "a", .largest = "n", .mib = 8}}),
            "nothing\n");
}

TEST(Plan, MovesTablesOfAscendingWritesWithoutRewriting) {
  EXPECT_EQ(Choice({{.level = 0, .number = 9, .smallest = "p", .largest = "q"},
                    {.level = 0, .number = 8, .smallest = "n", .largest = "o"},
                    {.level = 0, .number = 7, .smallest = "l", .largest = "m"},
                    {.level = 0, .number = 6, .smallest = "j", .largest = "k"},
                    {.level = 6, .number = 1, .smallest = "a", .largest = "i"}}),
            "move 0 -> 6: level 0 has 4 runs, 134217728 bytes\n"
            "  upper 000006 [j k] 33554432 bytes\n");
}

TEST(Plan, HoldsBackANewTableOfLevel0OverABusyOlderOne) {
  // 9 overlaps 7, whose job is running; 8 overlaps 9 but is older than it: only 8 and 6 can go.
  EXPECT_EQ(Choice({{.level = 0, .number = 9, .smallest = "c", .largest = "p"},
                    {.level = 0, .number = 8, .smallest = "m", .largest = "t"},
                    {.level = 0, .number = 7, .smallest = "b", .largest = "d", .busy = true},
                    {.level = 0, .number = 6, .smallest = "m", .largest = "o", .mib = 128},
                    {.level = 6, .number = 1, .smallest = "a", .largest = "h", .busy = true},
                    {.level = 6, .number = 2, .smallest = "i", .largest = "p"}},
                   Settings(), {{6, "a", "h"}}),
            "merge 0 -> 6: level 0 has 4 runs, 234881024 bytes\n"
            "  upper 000008 [m t] 33554432 bytes\n"
            "  upper 000006 [m o] 134217728 bytes\n"
            "  lower 000002 [i p] 33554432 bytes\n");
}

TEST(Plan, WaitsWhereARunningJobWritesToTheBase) {
  EXPECT_EQ(
      Choice({{.level = 0, .number = 9, .smallest = "c", .largest = "p", .mib = 256}}, Settings(), {{6, "o", "z"}}),
      "nothing\n");
}

TEST(Plan, PushesDownTheTableThatOverlapsLeast) {
  EXPECT_EQ(Choice({{.level = 5, .number = 11, .smallest = "a", .largest = "h", .mib = 150},
                    {.level = 5, .number = 12, .smallest = "i", .largest = "k", .mib = 150},
                    {.level = 6, .number = 1, .smallest = "a", .largest = "e", .mib = 500},
                    {.level = 6, .number = 2, .smallest = "f", .largest = "j", .mib = 300},
                    {.level = 6, .number = 3, .smallest = "l", .largest = "z", .mib = 200}}),
            "merge 5 -> 6: level 5 has 1.32 of its target\n"
            "  upper 000012 [i k] 157286400 bytes\n"
            "  lower 000002 [f j] 314572800 bytes\n");
}

TEST(Plan, PushesTombstonesDownFirst) {
  EXPECT_EQ(Choice({{.level = 5, .number = 11, .smallest = "a", .largest = "h", .mib = 150, .deletes = 600},
                    {.level = 5, .number = 12, .smallest = "i", .largest = "k", .mib = 150},
                    {.level = 6, .number = 1, .smallest = "a", .largest = "e", .mib = 500},
                    {.level = 6, .number = 2, .smallest = "f", .largest = "j", .mib = 300},
                    {.level = 6, .number = 3, .smallest = "l", .largest = "z", .mib = 200}}),
            "merge 5 -> 6: level 5 has 1.32 of its target\n"
            "  upper 000011 [a h] 157286400 bytes\n"
            "  lower 000001 [a e] 524288000 bytes\n"
            "  lower 000002 [f j] 314572800 bytes\n");
}

// Two tables of a level cost the same to push down, and level 0 overwrites what the first of them holds.
const HandMadeTree& HotAndCold() {
  static const HandMadeTree tree{{.level = 0,
                                  .number = 20,
                                  .smallest = "a",
                                  .largest = "z",
                                  .mib = 32,
                                  .sketch_first = 1,
                                  .sketch_count = 300'000},
                                 {.level = 5,
                                  .number = 11,
                                  .smallest = "a",
                                  .largest = "h",
                                  .mib = 150,
                                  .sketch_first = 1,
                                  .sketch_count = 300'000},
                                 {.level = 5,
                                  .number = 12,
                                  .smallest = "i",
                                  .largest = "k",
                                  .mib = 150,
                                  .sketch_first = 1'000'000,
                                  .sketch_count = 300'000},
                                 {.level = 6, .number = 1, .smallest = "a", .largest = "h", .mib = 500},
                                 {.level = 6, .number = 2, .smallest = "i", .largest = "z", .mib = 520}};
  return tree;
}

TEST(Plan, WithSketchesLeavesWhatIsBeingOverwritten) {
  EXPECT_EQ(Choice(HotAndCold()),
            "merge 5 -> 6: level 5 has 1.52 of its target\n"
            "  upper 000012 [i k] 157286400 bytes\n"
            "  lower 000002 [i z] 545259520 bytes\n");
}

TEST(Plan, WithoutSketchesTakesTheLeastOverlap) {
  PlannerSettings settings = Settings();
  settings.use_sketches = false;
  EXPECT_EQ(Choice(HotAndCold(), settings),
            "merge 5 -> 6: level 5 has 1.52 of its target\n"
            "  upper 000011 [a h] 157286400 bytes\n"
            "  lower 000001 [a h] 524288000 bytes\n");
}

// The same one level higher, with the overwriting tables in the level above.
const HandMadeTree& HotBelowTheBase() {
  static const HandMadeTree tree{{.level = 4,
                                  .number = 21,
                                  .smallest = "a",
                                  .largest = "h",
                                  .mib = 100,
                                  .sketch_first = 1,
                                  .sketch_count = 200'000},
                                 {.level = 5,
                                  .number = 11,
                                  .smallest = "a",
                                  .largest = "h",
                                  .mib = 600,
                                  .sketch_first = 1,
                                  .sketch_count = 300'000},
                                 {.level = 5,
                                  .number = 12,
                                  .smallest = "i",
                                  .largest = "k",
                                  .mib = 600,
                                  .sketch_first = 1'000'000,
                                  .sketch_count = 300'000},
                                 {.level = 6, .number = 1, .smallest = "a", .largest = "h", .mib = 5000},
                                 {.level = 6, .number = 2, .smallest = "i", .largest = "z", .mib = 6000}};
  return tree;
}

TEST(Plan, WithSketchesSeesOverwritingInTheLevelAbove) {
  EXPECT_EQ(Choice(HotBelowTheBase()),
            "merge 5 -> 6: level 5 has 1.09 of its target\n"
            "  upper 000012 [i k] 629145600 bytes\n"
            "  lower 000002 [i z] 6291456000 bytes\n");
  PlannerSettings settings = Settings();
  settings.use_sketches = false;
  EXPECT_EQ(Choice(HotBelowTheBase(), settings),
            "merge 5 -> 6: level 5 has 1.09 of its target\n"
            "  upper 000011 [a h] 629145600 bytes\n"
            "  lower 000001 [a h] 5242880000 bytes\n");
}

TEST(Plan, MovesATableThatOverlapsNothingBelow) {
  EXPECT_EQ(Choice({{.level = 4, .number = 11, .smallest = "a", .largest = "b", .mib = 400},
                    {.level = 6, .number = 1, .smallest = "a", .largest = "b", .mib = 200},
                    {.level = 6, .number = 2, .smallest = "c", .largest = "z", .mib = 5000}}),
            "move 4 -> 5: level 4 has 2.22 of its target\n"
            "  upper 000011 [a b] 419430400 bytes\n");
}

TEST(Plan, CutsUpATableThatWouldOverlapTooMuchTwoLevelsDown) {
  EXPECT_EQ(Choice({{.level = 4, .number = 11, .smallest = "a", .largest = "d", .mib = 400},
                    {.level = 6, .number = 1, .smallest = "a", .largest = "b", .mib = 200},
                    {.level = 6, .number = 2, .smallest = "c", .largest = "z", .mib = 5000}}),
            "merge 4 -> 5: level 4 has 2.22 of its target\n"
            "  upper 000011 [a d] 419430400 bytes\n");
}

TEST(Plan, EmptiesALevelThatIsNotNeeded) {
  EXPECT_EQ(Choice({{.level = 5, .number = 11, .smallest = "a", .largest = "d", .mib = 4},
                    {.level = 6, .number = 1, .smallest = "b", .largest = "b", .mib = 40}}),
            "merge 5 -> 6: level 5 is not needed\n"
            "  upper 000011 [a d] 4194304 bytes\n"
            "  lower 000001 [b b] 41943040 bytes\n");
}

TEST(Plan, PushesTombstonesDownInTimeForTheirDeadline) {
  PlannerSettings settings = Settings();
  settings.delete_deadline_s = 1000;
  const HandMadeTree tree{
      {.level = 0, .number = 20, .smallest = "x", .largest = "z", .deletes = 1, .oldest_delete_time_s = 999'900},
      {.level = 5, .number = 11, .smallest = "a", .largest = "d", .deletes = 1, .oldest_delete_time_s = 999'200},
      {.level = 5, .number = 12, .smallest = "e", .largest = "f", .deletes = 1, .oldest_delete_time_s = 999'100},
      {.level = 6, .number = 1, .smallest = "b", .largest = "z", .mib = 1000}};
  EXPECT_EQ(Choice(tree, settings),
            "merge 5 -> 6: tombstones of 000012 are 900 s old\n"
            "  upper 000012 [e f] 33554432 bytes\n"
            "  lower 000001 [b z] 1048576000 bytes\n");
  settings.now_s = 999'849;  // A quarter of the deadline is kept for the way down.
  EXPECT_EQ(Choice(tree, settings), "nothing\n");
}

TEST(Plan, RewritesTombstonesInPlaceOnceNoSnapshotHoldsThem) {
  PlannerSettings settings = Settings();
  settings.delete_deadline_s = 1000;
  const HandMadeTree tree{
      {.level = 6, .number = 7, .smallest = "b", .largest = "z", .deletes = 1, .oldest_delete_time_s = 500}};
  EXPECT_EQ(Choice(tree, settings),
            "merge 6 -> 6: tombstones of 000007 are 999500 s old\n"
            "  upper 000007 [b z] 33554432 bytes\n");
  settings.oldest_snapshot = key::SequenceNumber{6};  // Older than the newest entry.
  EXPECT_EQ(Choice(tree, settings), "nothing\n");
}

TEST(Plan, DropsATableOfTombstonesWithNothingBelow) {
  EXPECT_EQ(Choice({{.level = 0, .number = 20, .smallest = "a", .largest = "b", .deletes = 1000},
                    {.level = 0, .number = 19, .smallest = "c", .largest = "d", .deletes = 1000},
                    {.level = 0, .number = 18, .smallest = "b", .largest = "b"},
                    {.level = 6, .number = 1, .smallest = "e", .largest = "z"}}),
            "drop from 0: nothing but tombstones, and nothing below\n"
            "  upper 000019 [c d] 33554432 bytes\n");
}

TEST(Plan, DropsATableThatHasExpiredWithNothingBelow) {
  PlannerSettings settings = Settings();
  const HandMadeTree tree{
      {.level = 0, .number = 20, .smallest = "b", .largest = "c", .expiries = {1000, 100, 900}},
      {.level = 6, .number = 1, .smallest = "b", .largest = "c", .expiries = {1000, 100, 1000}},
      {.level = 6, .number = 3, .smallest = "d", .largest = "e", .deletes = 1, .expiries = {999, 100, 1000}},
      {.level = 6, .number = 2, .smallest = "f", .largest = "g", .expiries = {999, 100, 1000}}};
  settings.expired_ms = 999;
  EXPECT_EQ(Choice(tree, settings), "nothing\n") << "something is below, or one lives a moment longer";
  settings.expired_ms = 1000;
  EXPECT_EQ(Choice(tree, settings),
            "drop from 6: all has expired, and nothing is below\n"
            "  upper 000001 [b c] 33554432 bytes\n");
  settings.expired_ms = 0;
  EXPECT_EQ(Choice(tree, settings), "nothing\n");
}

TEST(Plan, RewritesWhatHasExpiredInTimeForTheDeadline) {
  PlannerSettings settings = Settings();
  settings.delete_deadline_s = 1000;
  settings.expired_ms = 999'940'000;
  const HandMadeTree tree{
      {.level = 6, .number = 7, .smallest = "b", .largest = "c", .expiries = {400, 999'250'000, 2'000'000'000}},
      {.level = 6, .number = 8, .smallest = "d", .largest = "z", .expiries = {900, 999'251'000, 2'000'000'000}}};
  EXPECT_EQ(Choice(tree, settings),
            "merge 6 -> 6: entries of 000007 expired 750 s ago\n"
            "  upper 000007 [b c] 33554432 bytes\n");
  settings.expired_ms = 999'249'999;
  EXPECT_EQ(Choice(tree, settings), "nothing\n") << "a snapshot sees it alive";
}

TEST(Plan, PushesDownTablesThatAreLittleButTombstonesAndWhatHasExpired) {
  PlannerSettings settings = Settings();
  settings.expired_ms = 1000;
  const HandMadeTree tree{
      {.level = 5, .number = 11, .smallest = "a", .largest = "d", .mib = 1, .deletes = 400, .expiries = {400, 1, 1000}},
      {.level = 6, .number = 1, .smallest = "b", .largest = "z", .mib = 1000}};
  EXPECT_EQ(Choice(tree, settings),
            "merge 5 -> 6: 800 of 1000 entries of 000011 are tombstones, or have expired\n"
            "  upper 000011 [a d] 1048576 bytes\n"
            "  lower 000001 [b z] 1048576000 bytes\n");
  settings.expired_ms = 999;
  EXPECT_EQ(Choice(tree, settings), "nothing\n");
}

TEST(Plan, PushesDownTablesThatAreLittleButTombstones) {
  EXPECT_EQ(Choice({{.level = 5, .number = 11, .smallest = "a", .largest = "d", .mib = 1, .deletes = 800},
                    {.level = 6, .number = 1, .smallest = "b", .largest = "z", .mib = 1000}}),
            "merge 5 -> 6: 800 of 1000 entries of 000011 are tombstones\n"
            "  upper 000011 [a d] 1048576 bytes\n"
            "  lower 000001 [b z] 1048576000 bytes\n");
}

TEST(Plan, DescribesBytesOfKeysThatDoNotPrint) {
  const HandMadeTree tree{
      {.level = 0, .number = 1, .smallest = std::string("\0\xff", 2), .largest = std::string(40, 'x')}};
  EXPECT_EQ(Describe({PlanKind::kMove, 0, 6, {key::FileNumber{1}}, {}, "why not"}, tree.shape()),
            "move 0 -> 6: why not\n"
            "  upper 000001 [\"\\x00\\xff\" xxxxxxxxxxxxxxxx... (40 bytes)] 33554432 bytes\n");
}

}  // namespace
}  // namespace amethyst::compaction
