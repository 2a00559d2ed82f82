#include "amethyst/stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace amethyst {
namespace {

TEST(Histogram, PercentilesBoundFromAbove) {
  Histogram histogram;
  EXPECT_EQ(histogram.Percentile(0.5), 0);
  // 90 ones, 9 values of 100, one of 5000.
  histogram.buckets[1] = 90;
  histogram.buckets[7] = 9;
  histogram.buckets[13] = 1;
  histogram.count = 100;
  histogram.max = 5000;
  EXPECT_EQ(histogram.Percentile(0), 1);
  EXPECT_EQ(histogram.Percentile(0.5), 1);
  EXPECT_EQ(histogram.Percentile(0.95), 127);
  EXPECT_EQ(histogram.Percentile(0.99), 5000);
  EXPECT_EQ(histogram.Percentile(1), 5000);
}

TEST(Stats, ToJsonHasEveryFieldAndBalancedBraces) {
  Stats stats;
  stats.writes = 12345;
  stats.levels.resize(2);
  stats.levels[1].tables = 7;
  stats.get_ns.count = 9;
  const std::string json = stats.ToJson();
  EXPECT_THAT(json, testing::StartsWith("{\"writes\":12345,"));
  EXPECT_THAT(json, testing::HasSubstr("\"write_waits\":0,"));
  EXPECT_THAT(json, testing::HasSubstr("{\"level\":1,\"tables\":7,"));
  EXPECT_THAT(json, testing::HasSubstr("\"get_ns\":{\"count\":9,"));
  EXPECT_EQ(std::ranges::count(json, '{'), std::ranges::count(json, '}'));
  // 36 numbers, 3 histograms and the levels.
  for (const char* name :
       {"wal_torn_tails", "filter_negatives", "pinned_bytes", "iterators", "compaction_debt_bytes"}) {
    EXPECT_THAT(json, testing::HasSubstr("\"" + std::string(name) + "\":0"));
  }
}

TEST(FamilyStats, ToJsonHasTheSumOfTheLevels) {
  FamilyStats stats;
  stats.levels.resize(2);
  stats.levels[0] = {.tables = 2, .runs = 2, .bytes = 10, .entries = 5, .deletes = 1};
  stats.levels[1] = {.tables = 1, .runs = 1, .bytes = 20, .entries = 6, .deletes = 0};
  stats.range_deletes = 3;
  EXPECT_THAT(stats.ToJson(),
              testing::StartsWith("{\"tables\":3,\"runs\":3,\"bytes\":30,\"entries\":11,\"deletes\":1,"
                                  "\"range_deletes\":3,\"range_delete_bytes\":0,\"levels\":[{\"level\":0,"));
}

}  // namespace
}  // namespace amethyst
