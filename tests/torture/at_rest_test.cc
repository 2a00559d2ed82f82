#include "torture/at_rest.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

TEST(AtRest, FindsEveryDamageOrIsNotHarmedByIt) {
  AtRestReport report;
  AtRestSuite({.seed = 1, .byte_stride = 3}).Run(&report);
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.detected, report.corruptions / 2);
}

}  // namespace
}  // namespace amethyst::torture
