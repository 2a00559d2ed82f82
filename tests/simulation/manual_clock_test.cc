#include "simulation/manual_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace amethyst::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::ElementsAre;

TEST(ManualClock, StandsStillUntilItIsMoved) {
  ManualClock clock;
  const nanoseconds start = clock.Monotonic();
  EXPECT_EQ(clock.Monotonic(), start);
  clock.Sleep(std::chrono::microseconds(5));
  EXPECT_EQ(clock.Monotonic() - start, nanoseconds(5000));
}

TEST(ManualClock, WallTimeMovesAlongAndMayJump) {
  ManualClock clock;
  const milliseconds start = clock.WallTime();
  clock.Advance(seconds(10));
  EXPECT_EQ(clock.WallTime() - start, seconds(10));
  const nanoseconds monotonic = clock.Monotonic();
  clock.JumpWallTime(-hours(1));
  EXPECT_EQ(clock.WallTime() - start, seconds(10) - hours(1));
  EXPECT_EQ(clock.Monotonic(), monotonic);
}

TEST(ManualClock, FiresTimersInTheOrderTheyFallDue) {
  ManualClock clock;
  std::vector<std::string> fired;
  const auto at = [&](const char* name) {
    return [&fired, &clock, name] { fired.push_back(name + std::to_string(clock.Monotonic() / milliseconds(1))); };
  };
  const auto slow = clock.AddTimer(milliseconds(30), at("slow"));
  const auto fast = clock.AddTimer(milliseconds(20), at("fast"));
  clock.Advance(milliseconds(65));
  EXPECT_THAT(fired, ElementsAre("fast1020", "slow1030", "fast1040", "slow1060", "fast1060"));
}

TEST(ManualClock, ASleepLeavesWhatFallsDueToTheNextMove) {
  ManualClock clock;
  int fired = 0;
  const auto timer = clock.AddTimer(milliseconds(10), [&fired] { ++fired; });
  clock.Sleep(milliseconds(50));
  EXPECT_EQ(fired, 0);
  clock.Advance(milliseconds(0));
  EXPECT_EQ(fired, 2) << "late, and due again by now; what it missed in between is not caught up on";
}

TEST(ManualClock, ADestroyedTimerDoesNotFire) {
  ManualClock clock;
  int fired = 0;
  auto timer = clock.AddTimer(milliseconds(10), [&fired] { ++fired; });
  clock.Advance(milliseconds(10));
  timer.reset();
  clock.Advance(milliseconds(100));
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(clock.AdvanceToNextTimer());
}

TEST(ManualClock, ATimerMayMoveTheClock) {
  ManualClock clock;
  int fired = 0;
  const auto timer = clock.AddTimer(milliseconds(10), [&] {
    ++fired;
    clock.Sleep(milliseconds(25));
  });
  clock.Advance(milliseconds(34));
  EXPECT_EQ(fired, 1) << "until 35, when it is due again: what it missed is not caught up on";
  EXPECT_EQ(clock.Monotonic(), seconds(1) + milliseconds(35));
  clock.Advance(milliseconds(0));
  EXPECT_EQ(fired, 2);
  EXPECT_EQ(clock.Monotonic(), seconds(1) + milliseconds(60));
}

TEST(ManualClock, WhatAJobTakesDoesNotAddToItsInterval) {
  ManualClock clock;
  std::vector<int64_t> fired;
  const auto timer = clock.AddTimer(milliseconds(10), [&] {
    fired.push_back((clock.Monotonic() - seconds(1)) / milliseconds(1));
    clock.Sleep(milliseconds(9));
  });
  clock.Advance(milliseconds(45));
  EXPECT_THAT(fired, ElementsAre(10, 20, 30, 40));
}

TEST(ManualClock, GoesToTheNextTimerOnDemand) {
  ManualClock clock;
  int fired = 0;
  const auto timer = clock.AddTimer(milliseconds(10), [&fired] { ++fired; });
  EXPECT_TRUE(clock.AdvanceToNextTimer());
  EXPECT_TRUE(clock.AdvanceToNextTimer());
  EXPECT_EQ(fired, 2);
  EXPECT_EQ(clock.Monotonic(), seconds(1) + milliseconds(20));
}

}  // namespace
}  // namespace amethyst::simulation
