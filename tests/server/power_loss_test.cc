// A loss of power at any point while commands run with `appendfsync always`: what was answered is there after, whole
// commands, and nothing of a command half. Covers: server, space
#include <gtest/gtest.h>

#include "support/rounds.h"
#include "torture/server/server_power_loss.h"

namespace amethyst::server {
namespace {

torture::ServerPowerLossReport RunPowerLosses(uint64_t seeds) {
  torture::ServerPowerLossReport report;
  for (uint64_t seed = 1; seed <= seeds && report.violation.empty(); ++seed) {
    torture::ServerPowerLoss({.seed = seed, .point_one_in = 30}).Run(&report);
  }
  return report;
}

TEST(ServerPowerLoss, WhatWasAnsweredIsThereAndNoCommandIsHalf) {
  const torture::ServerPowerLossReport report = RunPowerLosses(support::Rounds(6));
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.pending_images, 100u);
  EXPECT_GT(report.ahead_images, 20u);
  EXPECT_GT(report.expired_keys, 0u);
}

TEST(ServerPowerLoss, ASeedGivesTheSameCommandsAndImages) {
  const torture::ServerPowerLossReport once = RunPowerLosses(1);
  const torture::ServerPowerLossReport again = RunPowerLosses(1);
  EXPECT_EQ(once.images, again.images);
  EXPECT_EQ(once.distinct_images, again.distinct_images);
  EXPECT_EQ(once.ahead_images, again.ahead_images);
  EXPECT_EQ(once.refused, again.refused);
}

}  // namespace
}  // namespace amethyst::server
