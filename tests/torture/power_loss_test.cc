// Covers: crash_state, trace_file_system, order_checker, power_moves
#include "torture/power_loss.h"

#include <gtest/gtest.h>

#include "base/sanitizer.h"

namespace amethyst::torture {
namespace {

// Runs seeds from `seed` on until so many distinct images were checked.
PowerLossReport RunUntil(uint64_t distinct_images, uint64_t seed, bool fail_syncs) {
  PowerLossReport report;
  for (; report.violation.empty() && report.distinct_images < distinct_images; ++seed) {
    PowerLossSuite({.seed = seed, .fail_syncs = fail_syncs}).Run(&report);
  }
  return report;
}

// Sanitizers make a run many times slower. `amethyst_torture --suite power` goes on for as long as it is told.
constexpr bool kIsSlow = AMETHYST_THREAD_SANITIZER || AMETHYST_ADDRESS_SANITIZER;

TEST(PowerLoss, AtAnyOperationLeavesAPrefixThatHoldsAllThatWasDurable) {
  const PowerLossReport report = RunUntil(kIsSlow ? 300 : 2000, 1, false);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.recovery_images, report.images / 20);
  EXPECT_GT(report.order_checks, 100u);
  EXPECT_GT(report.moved.ingests, 0u);
  EXPECT_GT(report.moved.feeds_checked, 0u);
  if (kIsSlow) return;
  EXPECT_GT(report.moved.copies_checked, 0u);
  EXPECT_GT(report.compactions, 0u);
  EXPECT_GT(report.manifest_rolls, 0u);
  EXPECT_GT(report.segment_rolls, 0u);
}

TEST(PowerLoss, AfterAFailedSyncLeavesAPrefixThatHoldsAllThatWasDurableBefore) {
  const PowerLossReport report = RunUntil(kIsSlow ? 300 : 2000, 10, true);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.failed_syncs, 0u);
}

// Whether a later sync of another open makes up for it: seed 11 opens again after a failed one, writes, and loses
// power.
TEST(PowerLoss, WhatAFailedSyncLeftInThePageCacheIsWrittenAgainByTheNextOpen) {
  PowerLossReport report;
  PowerLossSuite({.seed = 11, .fail_syncs = true}).Run(&report);
  EXPECT_EQ(report.violation, "");
}

TEST(TraceFileSystem, WritesDownTheSameTraceForTheSameSeed) {
  const auto run = [] {
    PowerLossReport report;
    PowerLossSuite({.seed = 6, .batches = 20}).Run(&report);
    return report;
  };
  const PowerLossReport first = run(), second = run();
  EXPECT_EQ(first.operations, second.operations);
  EXPECT_EQ(first.digest, second.digest);
  EXPECT_EQ(first.violation, "");
}

}  // namespace
}  // namespace amethyst::torture
