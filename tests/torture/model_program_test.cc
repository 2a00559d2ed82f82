// Covers: model_choices, model_copies, model_families, model_family_steps, model_filter, model_follower, model_moment
// Covers: model_moving, model_reads, model_replica, model_report, model_restart, model_upkeep, model_walk, model_world
// Covers: model_writes
#include "torture/model_program.h"

#include <gtest/gtest.h>

#include <set>

#include "support/rounds.h"
#include "support/temp_directory.h"

namespace amethyst::torture {
namespace {

TEST(ModelProgram, FindsNoViolationOnRealFilesWithRealThreads) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const support::TempDirectory directory;
    const ModelReport report = RunModel({.seed = seed, .operations = 20'000, .path = directory.File("db")});
    ASSERT_EQ(report.violation, "");
    EXPECT_GE(report.writes * 10, report.operations * 3);
    EXPECT_GT(report.flushes, 0);
    EXPECT_GT(report.restarts, 0);
  }
}

constexpr uint64_t kPrograms = support::Rounds(5);  // Of one part.

// In many parts, so that they run side by side.
class ModelPrograms : public testing::TestWithParam<uint64_t> {};

TEST_P(ModelPrograms, FindNoViolationThroughCrashesLossesOfPowerAndFaults) {
  ModelReport all;
  for (uint64_t program = 0; program < kPrograms; ++program) {
    const ModelReport report = RunModel({.seed = 1000 * GetParam() + program, .operations = 50'000, .path = {}});
    ASSERT_EQ(report.violation, "");
    EXPECT_GE(report.writes * 10, report.operations * 3);
    EXPECT_GE(report.compactions * 10'000, report.operations);
    EXPECT_GE(report.deepest_level, 2u);
    all += report;
  }
  EXPECT_EQ(all.operations, kPrograms * 50'000);
  EXPECT_GE(all.restarts, kPrograms * 25);
  EXPECT_GE(all.crashes, kPrograms * 6);
  EXPECT_GE(all.power_losses, kPrograms * 6);
  EXPECT_GE(all.faults, kPrograms * 2);
  RecordProperty("operations", static_cast<int>(all.operations));
  RecordProperty("restarts", static_cast<int>(all.restarts));
}
INSTANTIATE_TEST_SUITE_P(Part, ModelPrograms, testing::Range<uint64_t>(1, 9));

TEST(ModelProgram, DrawsEveryCapabilityInSomePrograms) {
  ModelReport all;
  for (uint64_t seed = 1; seed <= 20; ++seed) all += RunModel({.seed = seed, .operations = 6000, .path = {}});
  ASSERT_EQ(all.violation, "");
  // These are seldom: a long run tells whether they come (ShortfallOf).
  const std::set<ModelCounter> seldom = {ModelCounter::kPrunedBackups, ModelCounter::kCopiesWhole,
                                         ModelCounter::kFeedsLost, ModelCounter::kFollowerFaults};
  for (size_t i = 0; i < kModelCounterNames.size(); ++i) {
    if (!seldom.contains(static_cast<ModelCounter>(i))) EXPECT_GT(all.counters[i], 0u) << kModelCounterNames[i];
  }
  EXPECT_GT(all.with_more, all.operations / 2) << "programs with families, merges or expiries are most of them";
  EXPECT_LT(all.with_more, all.operations) << "some have neither";
}

TEST(ModelProgram, ALongRunThatLacksACapabilityIsToldOf) {
  ModelReport report;
  report.operations = 1000;
  EXPECT_EQ(ShortfallOf(report), "");
  report.operations = 10'000'000;
  report.counters.fill(1);
  EXPECT_EQ(ShortfallOf(report), "");
  report.counters[static_cast<size_t>(ModelCounter::kBackups)] = 0;
  EXPECT_EQ(ShortfallOf(report), "10000000 operations, and no backups among them");
}

TEST(ModelProgram, IsRepeatedByItsSeedInSimulation) {
  const auto run = [] { return RunModel({.seed = 7, .operations = 10'000, .path = {}}); };
  const ModelReport first = run(), second = run();
  EXPECT_EQ(first.violation, "");
  EXPECT_GT(first.restarts, 0u);
  EXPECT_EQ(first.flushes, second.flushes);
  EXPECT_EQ(first.compactions, second.compactions);
  EXPECT_EQ(first.writes, second.writes);
  EXPECT_EQ(first.counters, second.counters);
}

}  // namespace
}  // namespace amethyst::torture
