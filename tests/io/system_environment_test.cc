#include "io/system_environment.h"

#include <gtest/gtest.h>

#include "amethyst/components.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

TEST(SystemEnvironment, TheDefaultIsOneForTheProcess) {
  EXPECT_EQ(DefaultEnvironment(), DefaultEnvironment());
  const support::TempDirectory directory;
  EXPECT_TRUE(DefaultEnvironment()->files().Exists(directory.path()).value());
}

TEST(SystemEnvironment, EveryInMemoryEnvironmentHasFilesOfItsOwn) {
  const auto one = NewInMemoryEnvironment();
  const auto two = NewInMemoryEnvironment();
  ASSERT_TRUE(one->files().CreateDirectories("/data").has_value());
  EXPECT_TRUE(one->files().Exists("/data").value());
  EXPECT_FALSE(two->files().Exists("/data").value());
}

TEST(SystemEnvironment, MonotonicTimeNeverGoesBackAndPassesInASleep) {
  Clock& clock = DefaultEnvironment()->clock();
  const auto before = clock.Monotonic();
  clock.Sleep(std::chrono::microseconds(200));
  EXPECT_GE(clock.Monotonic() - before, std::chrono::microseconds(200));
  EXPECT_GT(clock.WallTime(), std::chrono::seconds(1'600'000'000));
}

TEST(SystemEnvironment, CoarseTimeIsMonotonicTimeOfAMomentAgo) {
  Clock& clock = DefaultEnvironment()->clock();
  for (int i = 0; i < 1000; ++i) {
    const auto coarse = clock.CoarseMonotonic();
    EXPECT_LE(coarse, clock.Monotonic());
    EXPECT_LE(coarse, clock.CoarseMonotonic());
  }
  const auto before = clock.CoarseMonotonic();
  clock.Sleep(std::chrono::milliseconds(50));
  EXPECT_GT(clock.CoarseMonotonic(), before);
}

TEST(SystemEnvironment, AnExecutorHasTheThreadsAskedFor) {
  EXPECT_EQ(DefaultEnvironment()->NewExecutor(2).value()->thread_count(), 2u);
}

}  // namespace
}  // namespace amethyst::io
