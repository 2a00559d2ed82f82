// Covers: crash_state, trace_file_system
#include "torture/power_loss.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

TEST(PowerLoss, AtAnyOperationLeavesAPrefixThatHoldsAllThatWasDurable) {
  PowerLossReport report;
  for (uint64_t seed = 1; seed <= 6 && report.violation.empty(); ++seed) {
    PowerLossSuite({.seed = seed}).Run(&report);
  }
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.distinct_images, 1000u);
  EXPECT_GT(report.recovery_images, 50u);
  RecordProperty("images", static_cast<int>(report.images));
}

TEST(PowerLoss, AfterAFailedSyncLeavesAPrefixThatHoldsAllThatWasDurableBefore) {
  PowerLossReport report;
  for (uint64_t seed = 1000; seed < 1006 && report.violation.empty(); ++seed) {
    PowerLossSuite({.seed = seed, .fail_syncs = true}).Run(&report);
  }
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.failed_syncs, 1u);
}

TEST(TraceFileSystem, WritesDownTheSameTraceForTheSameSeed) {
  const auto run = [] {
    PowerLossReport report;
    PowerLossSuite({.seed = 5, .batches = 20}).Run(&report);
    return report;
  };
  const PowerLossReport first = run(), second = run();
  EXPECT_EQ(first.operations, second.operations);
  EXPECT_EQ(first.violation, "");
}

}  // namespace
}  // namespace amethyst::torture
