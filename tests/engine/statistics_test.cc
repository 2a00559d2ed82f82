#include "engine/statistics.h"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>
#include <vector>

namespace amethyst::engine {
namespace {

TEST(Statistics, SumsWhatManyThreadsCount) {
  constexpr int kThreads = 40;  // More than there are stripes.
  Statistics statistics;
  std::barrier all(kThreads);  // So that all of them live at once.
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) statistics.Add(Counter::kGets);
      all.arrive_and_wait();
      statistics.Add(Counter::kUserBytesWritten, 500);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(statistics.Sum(Counter::kGets), 40'000);
  EXPECT_EQ(statistics.Sum(Counter::kUserBytesWritten), 20'000);
  EXPECT_EQ(statistics.Sum(Counter::kWrites), 0);
}

TEST(Statistics, AThreadGoesOnWhereAnEarlierOneStopped) {
  Statistics statistics;
  for (int t = 0; t < 100; ++t) std::thread([&] { statistics.Add(Counter::kGets, 3); }).join();
  EXPECT_EQ(statistics.Sum(Counter::kGets), 300);
}

TEST(Statistics, SortsValuesByPowersOfTwo) {
  Statistics statistics;
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{1024}, ~uint64_t{0}}) {
    statistics.Record(Sample::kSyncUs, value);
  }
  const Histogram histogram = statistics.Collect(Sample::kSyncUs);
  EXPECT_EQ(histogram.count, 6);
  EXPECT_EQ(histogram.max, ~uint64_t{0});
  EXPECT_EQ(histogram.buckets[0], 1);
  EXPECT_EQ(histogram.buckets[1], 1);
  EXPECT_EQ(histogram.buckets[2], 2);
  EXPECT_EQ(histogram.buckets[11], 1);
  EXPECT_EQ(histogram.buckets[63], 1);
  EXPECT_EQ(statistics.Collect(Sample::kGetNs).count, 0);
}

TEST(Statistics, FillsInEveryCounterWithItsOwnField) {
  Statistics statistics;
  for (uint8_t i = 0; i < static_cast<uint8_t>(Counter::kCount); ++i) statistics.Add(static_cast<Counter>(i), i + 1);
  Stats stats;
  statistics.FillIn(&stats);
  EXPECT_EQ(stats.writes, 1);
  EXPECT_EQ(stats.entries_written, 2);
  EXPECT_EQ(stats.user_bytes_written, 3);
  EXPECT_EQ(stats.gets, 4);
  EXPECT_EQ(stats.gets_found, 5);
  EXPECT_EQ(stats.seeks, 6);
  EXPECT_EQ(stats.filter_negatives, 7);
  EXPECT_EQ(stats.filter_false_positives, 8);
  EXPECT_EQ(stats.tables_consulted, 9);
  EXPECT_EQ(stats.write_delays, 10);
  EXPECT_EQ(stats.write_delay_us, 11);
  EXPECT_EQ(stats.write_waits, 12);
  EXPECT_EQ(stats.flushes, 13);
  EXPECT_EQ(stats.flush_bytes_written, 14);
  EXPECT_EQ(stats.compactions, 15);
  EXPECT_EQ(stats.compaction_bytes_read, 16);
  EXPECT_EQ(stats.compaction_bytes_written, 17);
  EXPECT_EQ(stats.trivial_moves, 18);
  EXPECT_EQ(stats.entries_dropped, 19);
  EXPECT_EQ(stats.entries_filtered, 20);
}

TEST(Statistics, TimesOneCallInAWhile) {
  int timed = 0;
  for (int i = 0; i < 2560; ++i) timed += Statistics::TimeThisCall() ? 1 : 0;
  EXPECT_EQ(timed, 10);
}

}  // namespace
}  // namespace amethyst::engine
