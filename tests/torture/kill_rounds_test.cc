#include "torture/kill_rounds.h"

#include <gtest/gtest.h>

#include "support/temp_directory.h"

namespace amethyst::torture {
namespace {

// In parts, so that they run side by side.
class KillRoundsPart : public testing::TestWithParam<uint64_t> {};

TEST_P(KillRoundsPart, LoseNothingAcknowledged) {
  const support::TempDirectory directory;
  const KillReport report = KillRounds({.seed = GetParam(), .rounds = 50, .path = directory.File("db")});
  EXPECT_EQ(report.violation, "");
  EXPECT_EQ(report.rounds, 50);
  // Killed while acknowledged writes were in the log alone: else it was no test.
  EXPECT_GE(report.counted_rounds, 25);
  EXPECT_GT(report.acknowledged, 1000);
}
INSTANTIATE_TEST_SUITE_P(Seed, KillRoundsPart, testing::Range<uint64_t>(1, 5));

}  // namespace
}  // namespace amethyst::torture
