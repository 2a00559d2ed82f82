#include "engine/delete_clock.h"

#include <gtest/gtest.h>

#include "simulation/manual_clock.h"

namespace amethyst::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

uint64_t WallOf(simulation::ManualClock& clock) { return static_cast<uint64_t>(clock.WallTime().count()) / 1000; }

TEST(DeleteClock, IsWallTimeWhereThatBehaves) {
  simulation::ManualClock clock;
  DeleteClock deletes(clock, {});
  for (int i = 0; i < 1000; ++i) {
    clock.Advance(milliseconds(377));
    EXPECT_EQ(deletes.Seconds(), WallOf(clock));
  }
  EXPECT_EQ(deletes.Mark().ahead_of_wall, 0u);
}

TEST(DeleteClock, FollowsAJumpAheadAndStaysThere) {
  simulation::ManualClock clock;
  DeleteClock deletes(clock, {});
  const uint64_t start = deletes.Seconds();
  clock.JumpWallTime(seconds(1000));
  EXPECT_EQ(deletes.Seconds(), start + 1000);
  clock.JumpWallTime(seconds(-1000));
  clock.Advance(seconds(5));
  EXPECT_EQ(deletes.Seconds(), start + 1005);
  EXPECT_EQ(deletes.Mark().ahead_of_wall, 1000u);
}

TEST(DeleteClock, GoesOnAtItsPaceWhenTheWallClockIsSetBack) {
  simulation::ManualClock clock;
  DeleteClock deletes(clock, {});
  const uint64_t start = deletes.Seconds();
  for (uint64_t i = 1; i <= 100; ++i) {
    clock.JumpWallTime(seconds(-500));
    clock.Advance(seconds(1));
    EXPECT_EQ(deletes.Seconds(), start + i);
  }
}

TEST(DeleteClock, CountsTheTimeInWhichTheDatabaseWasClosed) {
  simulation::ManualClock clock;
  const tree::DeleteTime noted{.seconds = WallOf(clock) + 50, .ahead_of_wall = 50};
  clock.Advance(seconds(30));
  EXPECT_EQ(DeleteClock(clock, noted).Seconds(), noted.seconds + 30);
  clock.JumpWallTime(seconds(-10'000));
  DeleteClock back(clock, noted);
  EXPECT_EQ(back.Seconds(), noted.seconds) << "no less than it was";
  clock.Advance(seconds(7));
  EXPECT_EQ(back.Seconds(), noted.seconds + 7);
}

TEST(DeleteClock, ToleratesAnyWallTime) {
  simulation::ManualClock clock;
  clock.JumpWallTime(seconds(-3'000'000'000));  // Before 1970.
  DeleteClock deletes(clock, {});
  EXPECT_EQ(deletes.Seconds(), 0u);
  clock.Advance(seconds(3));
  EXPECT_EQ(deletes.Seconds(), 3u);
}

TEST(DeleteClock, KnowsHowLongAgoItsTimeWasNoted) {
  simulation::ManualClock clock;
  DeleteClock deletes(clock, {.seconds = WallOf(clock), .ahead_of_wall = 0});
  clock.Advance(seconds(20));
  EXPECT_EQ(deletes.SecondsSinceMark(), 20u);
  static_cast<void>(deletes.Mark());
  clock.Advance(seconds(3));
  EXPECT_EQ(deletes.SecondsSinceMark(), 3u);
}

}  // namespace
}  // namespace amethyst::engine
