#include "torture/fault_sweep.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

class FaultSweeps : public testing::TestWithParam<uint64_t> {};

TEST_P(FaultSweeps, LoseNothingWhicheverCallFails) {
  FaultReport report;
  FaultSweep({.seed = GetParam()}).Run(&report);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.faults, 2000u);
  EXPECT_GT(report.refused, report.faults / 4);
  EXPECT_GT(report.order_checks, report.faults * 10);
}
INSTANTIATE_TEST_SUITE_P(Seed, FaultSweeps, testing::Range<uint64_t>(1, 4));

}  // namespace
}  // namespace amethyst::torture
