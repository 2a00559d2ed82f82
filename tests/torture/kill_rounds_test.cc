#include "torture/kill_rounds.h"

#include <gtest/gtest.h>

#include "support/temp_directory.h"

namespace amethyst::torture {
namespace {

TEST(KillRounds, LoseNothingAcknowledged) {
  const support::TempDirectory directory;
  const KillReport report = KillRounds({.seed = 1, .rounds = 40, .path = directory.File("db")});
  EXPECT_EQ(report.violation, "");
  EXPECT_EQ(report.rounds, 40);
  // Killed while acknowledged writes were in the log alone: else it was no test.
  EXPECT_GE(report.counted_rounds, 20);
  EXPECT_GT(report.acknowledged, 1000);
}

}  // namespace
}  // namespace amethyst::torture
