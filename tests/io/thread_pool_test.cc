#include "io/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "io/thread_executor.h"

namespace amethyst::io {
namespace {

using std::chrono::milliseconds;

size_t Threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

// A sanitizer has a thread of its own from the first one on.
size_t ThreadsAtFirst() {
  static const size_t first = [] {
    std::thread([] {}).join();
    return Threads();
  }();
  return first;
}

// Ends when it holds, or never: then the test runs out of time.
template <typename Holds>
void WaitUntil(Holds holds) {
  while (!holds()) std::this_thread::yield();
}

TEST(ThreadPool, HasNoThreadBeforeTheFirstJobAndAfterARest) {
  const size_t before = ThreadsAtFirst();
  ThreadExecutor executor(2);
  EXPECT_EQ(Threads(), before);
  std::atomic<int> ran{0};
  for (int round = 1; round <= 3; ++round) {
    executor.Schedule(Priority::kFlush, [&ran] { ++ran; });
    WaitUntil([&] { return ran == round; });
    WaitUntil([&] { return Threads() == before; });
  }
}

TEST(ThreadPool, JoinsItsThreadsWithTheLastExecutor) {
  const size_t before = ThreadsAtFirst();
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> ran{false};
    {
      ThreadExecutor first(1);
      ThreadExecutor second(1);
      first.Schedule(Priority::kFlush, [&ran] { ran = true; });
    }
    EXPECT_TRUE(ran);
    WaitUntil([&] { return Threads() == before; });  // A thread that was joined is listed for a moment more.
  }
}

TEST(ThreadPool, ServesManyExecutorsWithFewThreads) {
  const size_t before = ThreadsAtFirst();
  std::atomic<int> ran{0};
  std::vector<std::unique_ptr<ThreadExecutor>> executors;
  for (int i = 0; i < 300; ++i) executors.push_back(std::make_unique<ThreadExecutor>(4));
  size_t most = 0;
  for (int job = 0; job < 10; ++job) {
    for (const auto& executor : executors) executor->Schedule(Priority::kCompaction, [&ran] { ++ran; });
    most = std::max(most, Threads());
  }
  WaitUntil([&] { return ran == 3000; });
  EXPECT_LT(most, before + 100);
}

TEST(ThreadPool, RunsAJobThatComesAsItsThreadEnds) {
  ThreadExecutor executor(1);
  std::atomic<int> ran{0};
  for (int round = 1; round <= 40; ++round) {
    executor.Schedule(Priority::kFlush, [&ran] { ++ran; });
    WaitUntil([&] { return ran == round; });
    // Around the end of its rest.
    const auto begin = std::chrono::steady_clock::now();
    const auto pause = milliseconds(100) + std::chrono::microseconds(20 * (round - 20));
    WaitUntil([&] { return std::chrono::steady_clock::now() - begin >= pause; });
  }
}

TEST(ThreadPool, ATimerThatRestsHasNoThreadAndRunsAgainOnceItIsWoken) {
  const size_t before = ThreadsAtFirst();
  ThreadExecutor executor(1);
  std::atomic<int> runs{0};
  std::unique_ptr<PeriodicJob> job;
  job = executor
            .ScheduleOnWake(milliseconds(1),
                            [&] {
                              job->Rest();
                              ++runs;
                            })
            .value();
  EXPECT_EQ(Threads(), before);
  for (int round = 1; round <= 3; ++round) {
    ASSERT_TRUE(job->Wake());
    WaitUntil([&] { return runs == round; });
    WaitUntil([&] { return Threads() == before; });
    EXPECT_EQ(runs, round);
  }
}

TEST(ThreadPool, AWakeDuringTheLastRunIsNotLost) {
  ThreadExecutor executor(1);
  std::atomic<int> runs{0};
  std::unique_ptr<PeriodicJob> job;
  job = executor
            .ScheduleOnWake(milliseconds(1),
                            [&] {
                              if (++runs < 5) ASSERT_TRUE(job->Wake());
                              if (runs == 3) {
                                job->Rest();
                                ASSERT_TRUE(job->Wake());  // After it, as by a writer.
                                return;
                              }
                              if (runs >= 5) job->Rest();
                            })
            .value();
  ASSERT_TRUE(job->Wake());
  WaitUntil([&] { return runs == 5; });
}

TEST(ThreadPool, ALongRunOfOneTimerHoldsNoOtherUp) {
  ThreadExecutor executor(1);
  std::atomic<int> runs{0};
  std::atomic<bool> go_on{false};
  const auto slow = executor.ScheduleEvery(milliseconds(1), [&] { WaitUntil([&] { return go_on.load(); }); }).value();
  const auto quick = executor.ScheduleEvery(milliseconds(1), [&runs] { ++runs; }).value();
  WaitUntil([&] { return runs >= 20; });
  go_on = true;
}

}  // namespace
}  // namespace amethyst::io
