#include "torture/fault_sweep.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

TEST(FaultSweep, LosesNothingWhicheverCallFails) {
  FaultReport report;
  FaultSweep({.seed = 1, .batches = 30}).Run(&report);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.faults, 1000u);
  EXPECT_GT(report.refused, report.faults / 4);
}

}  // namespace
}  // namespace amethyst::torture
