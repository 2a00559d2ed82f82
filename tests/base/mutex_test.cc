#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace amethyst::base {
namespace {

struct Counter {
  Mutex mutex;
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
