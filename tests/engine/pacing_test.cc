#include "engine/pacing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "simulation/manual_clock.h"

namespace amethyst::engine {
namespace {

constexpr uint64_t kBuffer = uint64_t{32} << 20;

uint64_t DelayOf(uint64_t runs, uint64_t debt_buffers) {
  return DelayNsPerKiB({.level0_runs = runs, .debt_bytes = debt_buffers * kBuffer, .write_buffer_bytes = kBuffer});
}

TEST(Pacing, DelaysAsTheTableSays) {
  EXPECT_EQ(DelayOf(0, 0), 0);
  EXPECT_EQ(DelayOf(16, 64), 0);
  EXPECT_EQ(DelayOf(17, 0), 74);
  EXPECT_EQ(DelayOf(24, 0), 800);
  EXPECT_EQ(DelayOf(30, 0), 2000);
  EXPECT_EQ(DelayOf(42, 0), 26'000);
  EXPECT_EQ(DelayOf(44, 0), 200'000);
  EXPECT_EQ(DelayOf(1000, 0), 200'000);
  EXPECT_EQ(DelayOf(0, 288), 2000);
  EXPECT_EQ(DelayOf(0, 512), 200'000);
  EXPECT_EQ(DelayOf(20, 288), 2000);
  EXPECT_EQ(DelayNsPerKiB({.level0_runs = 0, .debt_bytes = 1, .write_buffer_bytes = 0}), 0);
}

TEST(Pacing, NeverFallsWithMorePressure) {
  uint64_t last = 0;
  for (uint64_t runs = 0; runs < 60; ++runs) {
    EXPECT_GE(DelayOf(runs, 0), last);
    last = DelayOf(runs, 0);
  }
  last = 0;
  for (uint64_t debt = 0; debt < 700; ++debt) {
    EXPECT_GE(DelayOf(0, debt), last);
    last = DelayOf(0, debt);
  }
}

// No cliff: up to a write rate of 30 MB/s one more write buffer of debt costs a writer at most a fifth, or 500 ns a
// KiB.
TEST(Pacing, GrowsWithoutAStep) {
  for (uint64_t debt = 1; DelayOf(0, debt) < 33'000; ++debt) {
    const uint64_t before = DelayOf(0, debt - 1), after = DelayOf(0, debt);
    EXPECT_LE(after - before, std::max<uint64_t>(before / 5, 500)) << debt;
  }
}

TEST(Pacer, SleepsNotAtAllWithoutDelay) {
  simulation::ManualClock clock;
  Pacer pacer(clock);
  const auto start = clock.Monotonic();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(pacer.Wait(1 << 20).count(), 0);
  EXPECT_EQ(clock.Monotonic(), start);
}

TEST(Pacer, HoldsTheRateHoweverSmallTheWritesAre) {
  for (const size_t bytes : {100, 1000, 100'000}) {
    simulation::ManualClock clock;
    Pacer pacer(clock);
    pacer.SetDelay(10'000);  // 10 us a KiB.
    const auto start = clock.Monotonic();
    constexpr size_t kTotal = size_t{10} << 20;
    for (size_t written = 0; written < kTotal; written += bytes) pacer.Wait(bytes);
    const double expected_ns = 10'000.0 * (kTotal >> 10);
    const double passed_ns = static_cast<double>((clock.Monotonic() - start).count());
    EXPECT_NEAR(passed_ns / expected_ns, 1, 0.05) << bytes;
  }
}

TEST(Pacer, NapsAtTheSpeedOfFlushesWhileTheLastMemtableFills) {
  simulation::ManualClock clock;
  Pacer pacer(clock);
  pacer.SetDelay(1'000);
  pacer.SetNaps(5'000);
  const auto start = clock.Monotonic();
  int naps = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto slept = pacer.Wait(1024);
    if (slept.count() == 0) continue;
    EXPECT_GE(slept, std::chrono::milliseconds(10));
    EXPECT_LT(slept, std::chrono::milliseconds(11));
    ++naps;
  }
  EXPECT_EQ(naps, 5);
  EXPECT_EQ(clock.Monotonic() - start, std::chrono::milliseconds(50));
  pacer.SetDelay(0);
  pacer.SetNaps(0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(pacer.Wait(1 << 20).count(), 0);
}

TEST(Pacer, ALargeBatchSleepsNoLongerThanHalfATenthOfASecond) {
  simulation::ManualClock clock;
  Pacer pacer(clock);
  pacer.SetNaps(5'000);
  EXPECT_EQ(pacer.Wait(64 << 20), std::chrono::milliseconds(50));
  EXPECT_EQ(pacer.Wait(1), std::chrono::milliseconds(50)) << "those behind it sleep the rest";
}

TEST(Pacer, WritersOweNoMoreThanASecondWhateverTheyWrote) {
  simulation::ManualClock clock;
  Pacer pacer(clock);
  pacer.SetNaps(5'000'000);
  for (int i = 0; i < 200; ++i) pacer.Wait(1 << 20);
  pacer.SetNaps(1);  // Hardly any pressure is left.
  const auto start = clock.Monotonic();
  int sleeps = 0;
  for (int i = 0; i < 10'000; ++i) sleeps += pacer.Wait(100).count() > 0 ? 1 : 0;
  EXPECT_LE(sleeps, 20);
  EXPECT_LE(clock.Monotonic() - start, std::chrono::seconds(1));
}

TEST(Pacer, AHugeRateSleepsNoLongerThanAnyOther) {
  simulation::ManualClock clock;
  Pacer pacer(clock);
  pacer.SetDelay(uint64_t{1} << 30);
  EXPECT_EQ(pacer.Wait(64 << 20), std::chrono::milliseconds(50));
  EXPECT_EQ(pacer.Wait(1), std::chrono::milliseconds(50));
}

TEST(Pacer, ForgetsTheChargeWhenThePressureEnds) {
  for (const bool naps : {false, true}) {
    simulation::ManualClock clock;
    Pacer pacer(clock);
    const auto set = [&](uint64_t ns_per_kib) { naps ? pacer.SetNaps(ns_per_kib) : pacer.SetDelay(ns_per_kib); };
    set(200'000);
    EXPECT_EQ(pacer.Wait(16 << 20), std::chrono::milliseconds(50));
    set(0);
    set(1'000);
    EXPECT_EQ(pacer.Wait(100).count(), 0) << "of the pressure before";
  }
}

TEST(Pacer, KeepsTheChargeWhileOneOfTwoPressuresLasts) {
  simulation::ManualClock clock;
  Pacer pacer(clock);
  pacer.SetDelay(1'000);
  pacer.SetNaps(200'000);
  EXPECT_EQ(pacer.Wait(1 << 20), std::chrono::milliseconds(50));
  pacer.SetNaps(0);
  EXPECT_EQ(pacer.Wait(1), std::chrono::milliseconds(50));
}

TEST(FlushRate, DoesNotBelieveAFlushOfLittle) {
  FlushRate rate(kBuffer);
  for (int i = 0; i < 12; ++i) rate.Note(1100, std::chrono::milliseconds(5));
  EXPECT_EQ(rate.ns_per_kib(), 0u) << "not five milliseconds a KiB";
  rate.Note(kBuffer, std::chrono::nanoseconds(3000) * (kBuffer >> 10));
  EXPECT_EQ(rate.ns_per_kib(), 3000u);
  for (int i = 0; i < 12; ++i) rate.Note(0, std::chrono::milliseconds(5));
  EXPECT_EQ(rate.ns_per_kib(), 3000u);
}

TEST(FlushRate, FollowsTheFlushesOfFullBuffers) {
  FlushRate rate(kBuffer);
  rate.Note(kBuffer / 3, std::chrono::nanoseconds(9000) * (kBuffer / 3 >> 10));
  EXPECT_EQ(rate.ns_per_kib(), 9000u);
  for (int i = 0; i < 40; ++i) rate.Note(kBuffer, std::chrono::nanoseconds(3000) * (kBuffer >> 10));
  EXPECT_NEAR(static_cast<double>(rate.ns_per_kib()), 3000, 5);
  FlushRate tiny(0);
  tiny.Note(100, std::chrono::milliseconds(1));
  EXPECT_EQ(tiny.ns_per_kib(), 0u) << "of less than a KiB";
}

TEST(Pacer, SavesUpDelaysThatAreTooShortForASleep) {
  simulation::ManualClock clock;
  Pacer pacer(clock);
  pacer.SetDelay(1'000);
  EXPECT_EQ(pacer.Wait(1024).count(), 0);
  int sleeps = 0;
  for (int i = 0; i < 1000; ++i) sleeps += pacer.Wait(1024).count() > 0 ? 1 : 0;
  EXPECT_GE(sleeps, 3);
  EXPECT_LE(sleeps, 6);
}

TEST(Pacer, DoesNotPunishForTimeInWhichNobodyWrote) {
  simulation::ManualClock clock;
  Pacer pacer(clock);
  pacer.SetDelay(100'000);
  EXPECT_GT(pacer.Wait(10'240).count(), 0);
  clock.Advance(std::chrono::seconds(10));
  EXPECT_EQ(pacer.Wait(1024).count(), 0);
}

}  // namespace
}  // namespace amethyst::engine
