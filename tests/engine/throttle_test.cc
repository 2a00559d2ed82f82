// Covers: throttle, running_compactions
#include "engine/throttle.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "simulation/manual_clock.h"
#include "simulation/serial_environment.h"

namespace amethyst::engine {
namespace {

constexpr uint64_t kBuffer = uint64_t{1} << 20;

class ThrottleTest : public testing::Test {
 protected:
  static Settings SomeSettings() {
    Settings settings;
    settings.write_buffer_bytes = kBuffer;
    settings.processors = 2;
    return settings;
  }
  // How long writes of a buffer sleep in all.
  std::chrono::nanoseconds SleepOfABuffer() {
    const auto begin = clock_.Monotonic();
    for (uint64_t kib = 0; kib < kBuffer / 1024; ++kib) static_cast<void>(throttle_.pacer().Wait(1024));
    return clock_.Monotonic() - begin;
  }

  simulation::ManualClock clock_;
  Statistics statistics_;
  Events events_;
  Throttle throttle_{SomeSettings(), clock_, statistics_, events_};
  tree::Version empty_{key::Order()};
};

TEST_F(ThrottleTest, NothingPressesAtFirst) {
  throttle_.Update(empty_, 0);
  throttle_.Nap(true);
  EXPECT_EQ(SleepOfABuffer().count(), 0);
}

TEST_F(ThrottleTest, DebtSlowsWritersDownUntilItIsPaid) {
  throttle_.Update(empty_, 1000 * kBuffer);
  EXPECT_EQ(throttle_.debt_bytes(), 1000 * kBuffer);
  EXPECT_GT(SleepOfABuffer().count(), 0);
  throttle_.Update(empty_, 0);
  EXPECT_EQ(SleepOfABuffer().count(), 0);
}

TEST_F(ThrottleTest, TheLastMemtableFillsNoFasterThanFlushesEnd) {
  const std::chrono::milliseconds flush(400);
  throttle_.NoteFlush(kBuffer, flush);
  throttle_.Nap(false);
  EXPECT_EQ(SleepOfABuffer().count(), 0);
  throttle_.Nap(true);
  EXPECT_GE(SleepOfABuffer(), flush);
}

TEST_F(ThrottleTest, TellsOfDelaysWithTheirCauses) {
  struct Causes final : Listener {
    void OnWriteDelayBegin(const Event& event) override { said += fmt::format("+{} ", DelayCauseName(event.cause)); }
    void OnWriteDelayEnd(const Event& event) override { said += fmt::format("-{} ", DelayCauseName(event.cause)); }
    std::string said;
  };
  const auto listener = std::make_shared<Causes>();
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  ASSERT_TRUE(events_.Begin(listener, environment));
  throttle_.Update(empty_, 1000 * kBuffer);
  throttle_.Update(empty_, 2000 * kBuffer);
  throttle_.NoteFlush(kBuffer, std::chrono::milliseconds(400));
  throttle_.Nap(true);
  throttle_.Update(empty_, 0);
  throttle_.Nap(false);
  events_.Finish();
  EXPECT_EQ(listener->said, "+compaction-debt +flush -compaction-debt -flush ");
}

}  // namespace
}  // namespace amethyst::engine
