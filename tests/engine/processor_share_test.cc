#include "engine/processor_share.h"

#include <gtest/gtest.h>

#include <thread>

namespace amethyst::engine {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kBurst = uint64_t{1} << 20;
constexpr uint32_t kProcessors = 2;

// A database that is written to by this thread: 64 MiB in each tenth of a second, which take 20 ms to flush and
// compact.
class ProcessorShareTest : public testing::Test {
 protected:
  uint64_t AfterATenth() {
    statistics_.Add(Counter::kWrites);
    statistics_.Add(Counter::kUserBytesWritten, uint64_t{64} << 20);
    statistics_.Add(Counter::kBackgroundCpuNs, 20'000'000);
    now_ += milliseconds(100);
    return share_.WriteNsPerKiB(statistics_, now_);
  }
  void ReadOnAnotherThread(Counter counter, uint64_t times) {
    std::thread([&] { statistics_.Add(counter, times); }).join();
  }

  static constexpr uint64_t kNsPerKiB = 20'000'000 / (64 << 10) * 5 / kProcessors;

  Statistics statistics_;
  ProcessorShare share_{kProcessors, kBurst};
  std::chrono::nanoseconds now_{milliseconds(1000)};
};

TEST_F(ProcessorShareTest, WritesMayHaveAllThatNobodyElseAsksFor) {
  for (int i = 0; i < 20; ++i) {
    statistics_.Add(Counter::kGets, 100'000);  // Of the thread that writes.
    EXPECT_EQ(AfterATenth(), 0);
    ReadOnAnotherThread(Counter::kGets, 100);  // Too few to mind.
  }
}

TEST_F(ProcessorShareTest, WhileOthersReadWritesTakeWhatTheirUpkeepTakesOfAShare) {
  for (const Counter counter : {Counter::kGets, Counter::kSeeks, Counter::kSlowSteps}) {
    EXPECT_EQ(AfterATenth(), 0);
    ReadOnAnotherThread(counter, 5'000);
    EXPECT_NEAR(static_cast<double>(AfterATenth()), kNsPerKiB, 3);
    EXPECT_GT(share_.WriteNsPerKiB(statistics_, now_ + milliseconds(99)), 0) << "not looked again";
  }
  EXPECT_EQ(AfterATenth(), 0) << "they have gone";
}

TEST_F(ProcessorShareTest, ABurstIsFree) {
  ReadOnAnotherThread(Counter::kGets, 1'000'000);
  statistics_.Add(Counter::kWrites);
  statistics_.Add(Counter::kUserBytesWritten, kBurst / 2);
  statistics_.Add(Counter::kBackgroundCpuNs, 1'000'000'000);
  EXPECT_EQ(share_.WriteNsPerKiB(statistics_, now_), 0);
}

}  // namespace
}  // namespace amethyst::engine
