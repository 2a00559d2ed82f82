// Covers: damage
#include "torture/at_rest.h"

#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

void DamageEverything(Compression compression) {
  AtRestReport report;
  AtRestSuite({.seed = 1, .compression = compression}).Run(&report);
  EXPECT_EQ(report.violation, "");
  EXPECT_GE(report.corruptions, 15'000u);
  EXPECT_GT(report.detected, report.corruptions / 2);
  testing::Test::RecordProperty("corruptions", static_cast<int>(report.corruptions));
}

TEST(AtRest, FindsEveryDamageOrIsNotHarmedByIt) { DamageEverything(Compression::kLz4); }
TEST(AtRest, FindsEveryDamageOfBlocksOfOneLength) { DamageEverything(Compression::kNone); }
TEST(AtRest, FindsEveryDamageOfBlocksThatAreCompressedMore) { DamageEverything(Compression::kZstd); }

}  // namespace
}  // namespace amethyst::torture
