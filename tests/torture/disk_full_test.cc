#include "torture/disk_full.h"

#include <gtest/gtest.h>

#include "support/temp_directory.h"

namespace amethyst::torture {
namespace {

TEST(DiskFull, IsLivedThroughInCyclesWithoutLosingAnything) {
  const support::TempDirectory directory;
  const DiskFullReport report = DiskFull({.seed = 1, .cycles = 8, .path = directory.path()});
  if (!report.skipped.empty()) GTEST_SKIP() << "no tmpfs could be mounted, which takes root: " << report.skipped;
  EXPECT_EQ(report.violation, "");
  EXPECT_EQ(report.cycles, 8u);
  EXPECT_GE(report.refused, report.cycles * 10);
}

}  // namespace
}  // namespace amethyst::torture
