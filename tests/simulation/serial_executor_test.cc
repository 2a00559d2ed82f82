// Covers: serial_environment
#include "simulation/serial_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"

namespace amethyst::simulation {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::unique_ptr<SerialEnvironment> NewSimulation(uint64_t seed) {
  return std::make_unique<SerialEnvironment>(std::make_shared<io::MemoryFileSystem>(), seed);
}

// Waits, by `executor`, until `ready`.
void WaitUntil(io::Executor& executor, base::FunctionRef<bool()> ready) {
  base::Mutex mutex{base::LockRank::kProgram};
  base::CondVar condition;
  base::MutexLock lock(mutex);
  executor.Wait(mutex, condition, ready);
}

// The order in which a seed runs ten jobs.
std::string OrderOf(uint64_t seed) {
  const auto simulation = NewSimulation(seed);
  const auto executor = simulation->NewExecutor(2).value();
  std::string order;
  for (char name = 'a'; name < 'k'; ++name) executor->Schedule(io::Priority::kFlush, [&order, name] { order += name; });
  WaitUntil(*executor, [&order] { return order.size() == 10; });
  return order;
}

TEST(SerialExecutor, RunsNothingBeforeSomebodyWaits) {
  const auto simulation = NewSimulation(1);
  int ran = 0;
  const auto executor = simulation->NewExecutor(2).value();
  EXPECT_EQ(executor->thread_count(), 2u);
  executor->Schedule(io::Priority::kFlush, [&ran] { ++ran; });
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(simulation->waiting_jobs(), 1u);
  WaitUntil(*executor, [&ran] { return ran == 1; });
  EXPECT_EQ(simulation->waiting_jobs(), 0u);
}

TEST(SerialExecutor, TheSeedDecidesTheOrderAndRepeatsIt) {
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::string order = OrderOf(seed);
    EXPECT_EQ(order, OrderOf(seed));
    orders.insert(order);
    std::ranges::sort(order);
    EXPECT_EQ(order, "abcdefghij");
  }
  EXPECT_GT(orders.size(), 45u);
}

TEST(SerialExecutor, AJobMayWaitForAnother) {
  const auto simulation = NewSimulation(3);
  const auto executor = simulation->NewExecutor(1).value();
  std::vector<std::string> order;
  bool outer_done = false;
  executor->Schedule(io::Priority::kCompaction, [&] {
    order.push_back("outer begins");
    bool inner_done = false;
    executor->Schedule(io::Priority::kFlush, [&] {
      order.push_back("inner");
      inner_done = true;
    });
    WaitUntil(*executor, [&] { return inner_done; });
    order.push_back("outer ends");
    outer_done = true;
  });
  WaitUntil(*executor, [&] { return outer_done; });
  EXPECT_THAT(order, ElementsAre("outer begins", "inner", "outer ends"));
}

TEST(SerialExecutor, TheMutexIsFreeWhileJobsRun) {
  const auto simulation = NewSimulation(4);
  const auto executor = simulation->NewExecutor(1).value();
  base::Mutex mutex{base::LockRank::kProgram};
  base::CondVar condition;
  bool done = false;
  executor->Schedule(io::Priority::kFlush, [&] {
    base::MutexLock lock(mutex);
    done = true;
    condition.NotifyAll();
  });
  base::MutexLock lock(mutex);
  executor->Wait(mutex, condition, [&done] { return done; });
  EXPECT_TRUE(done);
}

TEST(SerialExecutor, AWaitGoesOnToPeriodicJobsWhenNoOtherIsLeft) {
  const auto simulation = NewSimulation(5);
  const auto executor = simulation->NewExecutor(1).value();
  int rounds = 0;
  const auto job = executor->ScheduleEvery(milliseconds(100), [&rounds] { ++rounds; });
  WaitUntil(*executor, [&rounds] { return rounds == 3; });
  EXPECT_EQ(simulation->clock().Monotonic(), std::chrono::seconds(1) + milliseconds(300));
}

TEST(SerialExecutor, AWaitThatNothingCanEndAborts) {
  const auto simulation = NewSimulation(6);
  const auto executor = simulation->NewExecutor(1).value();
  EXPECT_DEATH(WaitUntil(*executor, [] { return false; }), "a simulated wait can never end");
  const auto job = executor->ScheduleEvery(milliseconds(1), [] {});
  EXPECT_DEATH(WaitUntil(*executor, [] { return false; }), "a simulated wait can never end");
}

TEST(SerialExecutor, RunsItsOwnJobsBeforeItDiesAndNoOthers) {
  const auto simulation = NewSimulation(7);
  std::vector<std::string> ran;
  const auto other = simulation->NewExecutor(1).value();
  other->Schedule(io::Priority::kFlush, [&ran] { ran.push_back("other"); });
  {
    const auto executor = simulation->NewExecutor(1).value();
    executor->Schedule(io::Priority::kFlush, [&, raw = executor.get()] {
      ran.push_back("one");
      raw->Schedule(io::Priority::kFlush, [&ran] { ran.push_back("two"); });
    });
  }
  EXPECT_THAT(ran, ElementsAre("one", "two"));
  EXPECT_TRUE(simulation->RunOneJob());
  EXPECT_THAT(ran, ElementsAre("one", "two", "other"));
  EXPECT_FALSE(simulation->RunOneJob());
}

TEST(SerialEnvironment, HandsOutItsPartsAndRunsOneJobAtATime) {
  const auto simulation = NewSimulation(8);
  EXPECT_TRUE(simulation->files().Exists("/").value());
  const auto first = simulation->NewExecutor(1).value();
  const auto second = simulation->NewExecutor(4).value();
  std::vector<std::string> ran;
  first->Schedule(io::Priority::kFlush, [&ran] { ran.push_back("first"); });
  second->Schedule(io::Priority::kFlush, [&ran] { ran.push_back("second"); });
  EXPECT_THAT(ran, IsEmpty());
  EXPECT_TRUE(simulation->RunOneJob());
  EXPECT_EQ(ran.size(), 1u);
  EXPECT_TRUE(simulation->RunOneJob());
  EXPECT_THAT(ran, UnorderedElementsAre("first", "second"));
}

TEST(SerialExecutor, AWaitForATimeRunsJobsAndTimersAndEndsByTheClock) {
  const auto simulation = NewSimulation(1);
  const auto executor = simulation->NewExecutor(1).value();
  base::Mutex mutex{base::LockRank::kProgram};
  base::CondVar condition;
  base::MutexLock lock(mutex);
  bool done = false;
  const auto is_done = [&] { return done; };
  const auto begin = simulation->clock().Monotonic();
  EXPECT_FALSE(executor->WaitFor(mutex, condition, is_done, milliseconds(0)));
  EXPECT_EQ(simulation->clock().Monotonic(), begin);
  EXPECT_FALSE(executor->WaitFor(mutex, condition, is_done, milliseconds(10)));
  EXPECT_EQ(simulation->clock().Monotonic(), begin + milliseconds(10));
  executor->Schedule(io::Priority::kFlush, [&] { done = true; });
  EXPECT_TRUE(executor->WaitFor(mutex, condition, is_done, milliseconds(10)));
  done = false;
  const auto timer = executor->ScheduleEvery(milliseconds(5), [&] { done = true; });
  EXPECT_TRUE(executor->WaitFor(mutex, condition, is_done, milliseconds(100)));
  EXPECT_EQ(simulation->clock().Monotonic(), begin + milliseconds(15));
}

}  // namespace
}  // namespace amethyst::simulation
