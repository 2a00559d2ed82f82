// Covers: mutex, lock_rank
#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace amethyst::base {
namespace {

struct Counter {
  Mutex mutex{LockRank::kProgram};
  CondVar changed;
  int value AMETHYST_GUARDED_BY(mutex) = 0;
};

TEST(Mutex, LetsOneThreadInAtATime) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&counter] {
      for (int n = 0; n < 10'000; ++n) {
        MutexLock lock(counter.mutex);
        ++counter.value;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  MutexLock lock(counter.mutex);
  EXPECT_EQ(counter.value, 40'000);
}

TEST(Mutex, ALockMayLetGoInBetween) {
  Counter counter;
  MutexLock lock(counter.mutex);
  std::thread([&counter] { EXPECT_FALSE(counter.mutex.TryLock()); }).join();
  lock.Unlock();
  std::thread([&counter] {
    MutexLock other(counter.mutex);
    ++counter.value;
  }).join();
  lock.Lock();
  EXPECT_EQ(counter.value, 1);
}

TEST(LockRank, LocksMayBeTakenInTheOrderOfTheirRanksAndReleasedInAny) {
  Mutex tree(LockRank::kCatalog);
  Mutex log(LockRank::kLog);
  for (int i = 0; i < 100; ++i) {
    tree.Lock();
    log.Lock();
    tree.Unlock();
    log.Unlock();
  }
  MutexLock lock(tree);
}

TEST(LockRank, AnotherThreadHasItsOwnOrder) {
  Mutex tree(LockRank::kCatalog);
  Mutex log(LockRank::kLog);
  MutexLock lock(log);
  std::thread([&tree] { MutexLock other(tree); }).join();
}

TEST(LockRank, OnlyAnAttemptMayBeMadeOutOfOrder) {
  Mutex tree(LockRank::kCatalog);
  Mutex log(LockRank::kLog);
  MutexLock lock(log);
  const bool is_taken = tree.TryLock();
  EXPECT_TRUE(is_taken);
  if (is_taken) tree.Unlock();
}

#ifdef NDEBUG
static_assert(sizeof(Mutex) == sizeof(std::mutex), "ranks cost nothing where they are not checked");
#else
// I21
TEST(LockRankDeathTest, LocksOutOfOrderAreNamed) {
  Mutex tree(LockRank::kCatalog);
  Mutex log(LockRank::kLog);
  EXPECT_DEATH(
      {
        MutexLock outer(log);
        MutexLock inner(tree);
      },
      "kCatalog is taken while kLog is held");
}

TEST(LockRankDeathTest, TwoLocksOfOneRankAreNeverHeldTogether) {
  Mutex one(LockRank::kCatalog);
  Mutex other(LockRank::kCatalog);
  EXPECT_DEATH(
      {
        MutexLock outer(one);
        MutexLock inner(other);
      },
      "kCatalog is taken while kCatalog is held");
}

void LockBehindAnAttempt(Mutex& tried, Mutex& locked) AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
  if (tried.TryLock()) locked.Lock();
}

TEST(LockRankDeathTest, ALockThatAnAttemptTookCounts) {
  Mutex tree(LockRank::kCatalog);
  Mutex log(LockRank::kLog);
  EXPECT_DEATH(LockBehindAnAttempt(log, tree), "kCatalog is taken while kLog is held");
}
#endif

TEST(CondVar, WakesWhoWaits) {
  Counter counter;
  std::thread waiter([&counter] {
    MutexLock lock(counter.mutex);
    while (counter.value == 0) counter.changed.Wait(counter.mutex);
    counter.value = 2;
    counter.changed.NotifyAll();
  });
  {
    MutexLock lock(counter.mutex);
    counter.value = 1;
    counter.changed.NotifyAll();
    while (counter.value != 2) counter.changed.Wait(counter.mutex);
  }
  waiter.join();
}

TEST(CondVar, GivesUpAfterItsTimeout) {
  Counter counter;
  MutexLock lock(counter.mutex);
  while (counter.changed.WaitFor(counter.mutex, std::chrono::microseconds(10))) {
  }
  EXPECT_EQ(counter.value, 0);
}

}  // namespace
}  // namespace amethyst::base
