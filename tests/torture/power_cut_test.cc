// Covers: mount
#include "torture/power_cut.h"

#include <gtest/gtest.h>

#include "support/temp_directory.h"

namespace amethyst::torture {
namespace {

TEST(PowerCut, OfARealDiskLeavesAPrefixThatHoldsAllThatWasDurable) {
  const support::TempDirectory directory;
  const PowerCutReport report = PowerCuts({.seed = 1, .cuts = 15, .directory = directory.path()});
  if (!report.skipped.empty()) {
    GTEST_SKIP() << "no image of ext4 could be mounted, which takes root, a loop device and mkfs.ext4: "
                 << report.skipped;
  }
  EXPECT_EQ(report.violation, "");
  EXPECT_EQ(report.cuts, 15u);
  EXPECT_GT(report.durable, 15u);
}

}  // namespace
}  // namespace amethyst::torture
