// A limit of what background work reads and writes. Covers: limiter, parts_runner
#include "engine/limiter.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/fault_world.h"
#include "simulation/manual_clock.h"

namespace amethyst::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::Key;
using support::Text;
using Work = Limiter::Work;

constexpr uint64_t kMB = 1'000'000;

TEST(LimitFor, RisesWithWhatCompactionsOwe) {
  const auto limit = [](uint64_t runs, uint64_t debt_buffers) {
    return LimitFor(kMB, {.level0_runs = runs, .debt_bytes = debt_buffers << 20, .write_buffer_bytes = 1 << 20});
  };
  EXPECT_EQ(limit(0, 0), kMB);
  EXPECT_EQ(limit(16, 64), kMB);
  EXPECT_EQ(limit(30, 0), 4'500'000u);
  EXPECT_EQ(limit(0, 288), 4'500'000u);
  EXPECT_EQ(limit(44, 0), 8 * kMB);
  EXPECT_EQ(limit(100, 1000), 8 * kMB);
  EXPECT_EQ(LimitFor(0, {.level0_runs = 100, .debt_bytes = 0, .write_buffer_bytes = 1}), 0u);
}

class LimiterTest : public testing::Test {
 protected:
  // How long it waits.
  std::chrono::nanoseconds Take(uint64_t bytes, Work work) {
    const auto begin = clock_.Monotonic();
    EXPECT_TRUE(limiter_.Take(bytes, work, [] { return Status(); }));
    return clock_.Monotonic() - begin;
  }
  // What another thread has taken, and waits for yet.
  void TakeAndGiveUp(uint64_t bytes, Work work) {
    EXPECT_FALSE(limiter_.Take(bytes, work, [] { return Status(base::MakeError(ErrorCode::kClosed, "ended")); }));
  }

  simulation::ManualClock clock_;
  Limiter limiter_{clock_};
};

TEST_F(LimiterTest, WithoutALimitNobodyWaits) {
  EXPECT_EQ(Take(1000 * kMB, Work::kOrdinary).count(), 0);
  limiter_.SetRate(kMB);
  limiter_.SetRate(0);
  EXPECT_EQ(Take(1000 * kMB, Work::kUrgent).count(), 0);
}

TEST_F(LimiterTest, BytesTakeAsLongAsTheLimitSays) {
  limiter_.SetRate(kMB);
  const auto begin = clock_.Monotonic();
  for (int i = 0; i < 200; ++i) Take(10'000, i % 2 == 0 ? Work::kOrdinary : Work::kUrgent);
  const auto took = clock_.Monotonic() - begin;
  EXPECT_GE(took, milliseconds(1980));
  EXPECT_LE(took, milliseconds(2020));
}

// RocksDB's flushes waited behind compactions, some of them for ever.
TEST_F(LimiterTest, UrgentWorkDoesNotWaitForOrdinaryWork) {
  limiter_.SetRate(kMB);
  TakeAndGiveUp(100 * kMB, Work::kOrdinary);
  EXPECT_EQ(Take(1000, Work::kUrgent).count(), 0);
  EXPECT_GE(Take(kMB, Work::kUrgent), milliseconds(980));  // It has the whole rate, and no more.
  EXPECT_LE(Take(kMB, Work::kUrgent), milliseconds(1020));
}

TEST_F(LimiterTest, OrdinaryWorkWaitsForUrgentWork) {
  limiter_.SetRate(kMB);
  TakeAndGiveUp(5 * kMB, Work::kUrgent);
  EXPECT_GE(Take(1000, Work::kOrdinary), milliseconds(4980));
}

TEST_F(LimiterTest, AWaitEndsWithItsCheckOrItsLimit) {
  limiter_.SetRate(kMB);
  const auto begin = clock_.Monotonic();
  int checks = 0;
  const Status ended = limiter_.Take(1000 * kMB, Work::kOrdinary, [&]() -> Status {
    if (++checks < 3) return {};
    return base::MakeError(ErrorCode::kClosed, "ended");
  });
  EXPECT_EQ(support::CodeOf(ended), ErrorCode::kClosed);
  EXPECT_LE(clock_.Monotonic() - begin, milliseconds(100));
  EXPECT_TRUE(limiter_.Take(1000 * kMB, Work::kOrdinary, [&] {
    limiter_.SetRate(0);
    return Status();
  }));
  limiter_.SetRate(kMB);
  EXPECT_TRUE(limiter_.Take(1000 * kMB, Work::kUrgent, [&] {
    limiter_.LetGo();
    return Status();
  }));
  limiter_.SetRate(kMB);
  EXPECT_EQ(Take(1000 * kMB, Work::kOrdinary).count(), 0);  // For good.
  EXPECT_LE(clock_.Monotonic() - begin, seconds(1));
}

class LimitedWork : public testing::Test {
 protected:
  static Options Limited() {
    Options options = support::SmallOptions();
    options.background_bytes_per_s = kMB;
    options.compression = Compression::kNone;
    return options;
  }
  LimitedWork() { EXPECT_EQ(Text(world_.Open()), ""); }
  void Fill(uint64_t entries) {
    for (uint64_t i = 0; i < entries; ++i) ASSERT_EQ(Text(world_.db().Put(Key(i), std::string(100, 'v'))), "");
  }
  std::chrono::nanoseconds Now() { return world_.serial().clock().Monotonic(); }

  World world_{1, Limited()};
};

TEST_F(LimitedWork, FlushesAndCompactionsTakeTheirTime) {
  const auto begin = Now();
  Fill(20'000);
  ASSERT_EQ(Text(world_.db().CompactRange()), "");
  const Stats stats = world_.db().GetStats();
  const uint64_t bytes = stats.flush_bytes_written + stats.compaction_bytes_read + stats.compaction_bytes_written;
  ASSERT_GT(bytes, 2 * kMB);
  // What each job moves last is too little to count.
  EXPECT_GE(Now() - begin, milliseconds(bytes * 8 / 10 / 1000 / 8));
  EXPECT_LE(Now() - begin, milliseconds(bytes * 12 / 10 / 1000) + seconds(1));
}

TEST_F(LimitedWork, ALimitThatIsTakenAwayIsGone) {
  ASSERT_TRUE(world_.db().Change({.background_bytes_per_s = 0}));
  const auto begin = Now();
  Fill(20'000);
  ASSERT_EQ(Text(world_.db().CompactRange()), "");
  EXPECT_LT(Now() - begin, seconds(1));
  EXPECT_EQ(support::CodeOf(world_.db().Change({.background_bytes_per_s = 1})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(world_.db().Change({.background_bytes_per_s = 2 * kMB})->background_bytes_per_s, 2 * kMB);
}

TEST_F(LimitedWork, CloseDoesNotWaitForIt) {
  ASSERT_TRUE(world_.db().Change({.background_bytes_per_s = size_t{64} << 10}));
  for (uint64_t i = 0; i < 500; ++i) ASSERT_EQ(Text(world_.db().Put(Key(i), std::string(100, 'v'))), "");
  const auto begin = Now();
  ASSERT_EQ(Text(world_.db().Close()), "");
  EXPECT_LT(Now() - begin, milliseconds(500));
}

}  // namespace
}  // namespace amethyst::engine
