#include "io/thread_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace amethyst::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;

// A value that jobs raise and a test waits for. It must outlive the executor whose jobs use it.
class Progress {
 public:
  int Add(int n) {
    base::MutexLock lock(mutex_);
    value_ += n;
    changed_.NotifyAll();
    return value_;
  }
  void WaitUntil(Executor& executor, int at_least) {
    base::MutexLock lock(mutex_);
    executor.Wait(mutex_, changed_,
                  [this, at_least]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return value_ >= at_least; });
  }
  int value() {
    base::MutexLock lock(mutex_);
    return value_;
  }

 private:
  base::Mutex mutex_{base::LockRank::kProgram};
  base::CondVar changed_;
  int value_ AMETHYST_GUARDED_BY(mutex_) = 0;
};

TEST(ThreadExecutor, RunsEveryJob) {
  Progress done;
  ThreadExecutor executor(3);
  EXPECT_EQ(executor.thread_count(), 3u);
  for (int i = 0; i < 1000; ++i) executor.Schedule(static_cast<Priority>(i % 3), [&done] { done.Add(1); });
  done.WaitUntil(executor, 1000);
  EXPECT_EQ(done.value(), 1000);
}

TEST(ThreadExecutor, TakesTheMostUrgentJobFirstAndTheOldestAmongEquals) {
  std::vector<std::string> order;  // Touched by the one worker, then by the test after the executor is gone.
  Progress gate;
  {
    ThreadExecutor executor(1);
    executor.Schedule(Priority::kFlush, [&] { gate.WaitUntil(executor, 1); });  // Holds the only thread.
    executor.Schedule(Priority::kCompaction, [&] { order.push_back("compaction"); });
    executor.Schedule(Priority::kCompactionL0, [&] { order.push_back("L0 first"); });
    executor.Schedule(Priority::kFlush, [&] { order.push_back("flush"); });
    executor.Schedule(Priority::kCompactionL0, [&] { order.push_back("L0 second"); });
    gate.Add(1);
  }
  ASSERT_EQ(order.size(), 4u);
  EXPECT_EQ(order.back(), "compaction");
  EXPECT_THAT(order, ElementsAre("flush", "L0 first", "L0 second", "compaction"));
}

TEST(ThreadExecutor, RunsWhatIsLeftBeforeItDies) {
  std::atomic<int> ran{0};
  {
    ThreadExecutor executor(2);
    for (int i = 0; i < 100; ++i) {
      executor.Schedule(Priority::kCompaction, [&] {
        ++ran;
        if (ran <= 50) executor.Schedule(Priority::kFlush, [&ran] { ++ran; });
      });
    }
  }
  EXPECT_GE(ran.load(), 125);
}

TEST(ThreadExecutor, DestroysAJobOnceItRan) {
  auto owner = std::make_shared<int>(0);
  const std::weak_ptr<int> observer = owner;
  Progress done;
  ThreadExecutor executor(1);
  executor.Schedule(Priority::kFlush, [owner = std::move(owner)] {});
  executor.Schedule(Priority::kFlush, [&done] { done.Add(1); });
  done.WaitUntil(executor, 1);
  EXPECT_TRUE(observer.expired());
}

TEST(ThreadExecutor, APeriodicJobRunsAgainAndAgain) {
  Progress rounds;
  ThreadExecutor executor(1);
  const auto job = executor.ScheduleEvery(milliseconds(1), [&rounds] { rounds.Add(1); }).value();
  rounds.WaitUntil(executor, 3);
  EXPECT_GE(rounds.value(), 3);
}

TEST(ThreadExecutor, APeriodicJobEndsAtOnceWhateverItsInterval) {
  ThreadExecutor executor(1);
  bool ran = false;
  executor.ScheduleEvery(hours(24), [&ran] { ran = true; }).value().reset();
  EXPECT_FALSE(ran);
}

TEST(ThreadExecutor, TheHandleOfAPeriodicJobWaitsForARunInProgress) {
  Progress started;
  ThreadExecutor executor(1);
  std::atomic<bool> finished{false};  // Stored by the job, loaded by the test.
  auto job = executor
                 .ScheduleEvery(milliseconds(1),
                                [&] {
                                  finished = false;
                                  started.Add(1);
                                  std::this_thread::yield();
                                  finished = true;
                                })
                 .value();
  started.WaitUntil(executor, 1);
  job.reset();
  EXPECT_TRUE(finished.load());
}

TEST(ThreadExecutor, AWaitForATimeEndsWithItOrOnceReady) {
  ThreadExecutor executor(1);
  base::Mutex mutex{base::LockRank::kProgram};
  base::CondVar condition;
  bool done = false;
  executor.Schedule(Priority::kFlush, [&] {
    base::MutexLock lock(mutex);
    done = true;
    condition.NotifyAll();
  });
  base::MutexLock lock(mutex);
  EXPECT_TRUE(executor.WaitFor(mutex, condition, [&] { return done; }, hours(1'000'000)));
  EXPECT_FALSE(executor.WaitFor(mutex, condition, [] { return false; }, milliseconds(1)));
}

TEST(ThreadExecutor, RunsAsManyJobsAtOnceAsItIsToldTo) {
  Progress begun, gate;
  ThreadExecutor executor(1);
  for (int i = 0; i < 3; ++i) {
    executor.Schedule(Priority::kFlush, [&] {
      begun.Add(1);
      gate.WaitUntil(executor, 1);
    });
  }
  begun.WaitUntil(executor, 1);
  executor.SetThreadCount(3);
  EXPECT_EQ(executor.thread_count(), 3u);
  begun.WaitUntil(executor, 3);  // Those that waited begin.
  gate.Add(1);
  executor.SetThreadCount(1);
  EXPECT_EQ(executor.thread_count(), 1u);
}

}  // namespace
}  // namespace amethyst::io
