#include "wal/log_readers.h"

#include <gtest/gtest.h>

#include <thread>

#include "io/thread_executor.h"

namespace amethyst::wal {
namespace {

constexpr key::FileNumber kThree{3};
constexpr key::FileNumber kFive{5};
constexpr key::FileNumber kNine{9};

TEST(LogReaders, TheOldestHoldKeepsSegmentsUntilItMovesOrEnds) {
  const auto readers = std::make_shared<LogReaders>();
  EXPECT_EQ(readers->LeastHeld(), std::nullopt);
  EXPECT_EQ(readers->FirstToKeep(kNine), kNine);
  LogHold older(readers, kThree);
  LogHold newer(readers, kFive);
  LogHold same(readers, kThree);
  EXPECT_EQ(readers->FirstToKeep({}), kThree);
  same = std::move(newer);
  EXPECT_EQ(readers->FirstToKeep(kFive), kThree);
  older.MoveTo(kNine);
  EXPECT_EQ(readers->FirstToKeep({}), kFive);
  EXPECT_EQ(readers->first_needed(), kNine);
  same.Release();
  same.Release();
  EXPECT_EQ(readers->LeastHeld(), kNine);
  {
    const LogHold moved = std::move(older);
  }
  EXPECT_EQ(readers->LeastHeld(), std::nullopt);
}

TEST(LogReaders, AWakeUpBetweenTheLookAndTheSleepIsNotLost) {
  io::ThreadExecutor executor(1);
  LogReaders readers;
  const uint64_t seen = readers.wakes();
  EXPECT_FALSE(readers.Wait(executor, seen, std::chrono::microseconds(0)));
  readers.Wake();
  EXPECT_TRUE(readers.Wait(executor, seen, std::chrono::hours(1'000'000)));
}

TEST(LogReaders, ASleeperIsWokenByAnotherThread) {
  io::ThreadExecutor executor(1);
  LogReaders readers;
  std::atomic<uint64_t> rounds{0};
  std::thread sleeper([&] {
    uint64_t seen = 0;
    while (seen < 1000) {
      EXPECT_TRUE(readers.Wait(executor, seen, std::chrono::hours(1)));
      seen = readers.wakes();
      rounds.store(seen);
      rounds.notify_one();
    }
  });
  for (uint64_t round = 0; round < 1000; ++round) {
    readers.Wake();
    rounds.wait(round);
  }
  sleeper.join();
}

}  // namespace
}  // namespace amethyst::wal
