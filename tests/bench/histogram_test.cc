#include "bench/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace amethyst::bench {
namespace {

// Values over many powers of two.
std::vector<uint64_t> RandomValues(uint64_t seed, size_t count) {
  base::Random random(seed);
  std::vector<uint64_t> values(count);
  for (uint64_t& value : values) value = random() >> (22 + random.Below(42));
  return values;
}

TEST(Histogram, PercentilesAreAtMostASixtyFourthAboveTheExactOnes) {
  for (const uint64_t seed : {1, 2, 3}) {
    std::vector<uint64_t> values = RandomValues(seed, 10'000);
    Histogram histogram;
    for (const uint64_t value : values) histogram.Add(value);
    std::ranges::sort(values);
    for (const double fraction : {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto at = static_cast<size_t>(std::ceil(fraction * static_cast<double>(values.size())));
      const uint64_t exact = values[std::max<size_t>(at, 1) - 1];
      EXPECT_GE(histogram.Percentile(fraction), exact) << fraction;
      EXPECT_LE(histogram.Percentile(fraction), exact + exact / 64) << fraction;
    }
    EXPECT_EQ(histogram.Percentile(1), values.back());
  }
}

TEST(Histogram, EveryValueLiesInTheBucketThatItIsCountedIn) {
  for (const uint64_t value : RandomValues(4, 10'000)) {
    const uint32_t bucket = Histogram::BucketOf(value);
    EXPECT_LE(value, Histogram::EndOf(bucket));
    if (bucket > 0) {
      EXPECT_GT(value, Histogram::EndOf(bucket - 1));
    }
  }
  EXPECT_EQ(Histogram::BucketOf(UINT64_MAX), Histogram::BucketOf((uint64_t{1} << 42) - 1));
}

TEST(Histogram, MergingIsTheSameAsAddingToOne) {
  Histogram first;
  Histogram second;
  Histogram both;
  for (const uint64_t value : RandomValues(5, 1'000)) (first.Add(value), both.Add(value));
  for (const uint64_t value : RandomValues(6, 1'000)) (second.Add(value), both.Add(value));
  first.Merge(second);
  EXPECT_EQ(first.Sparse(), both.Sparse());
  EXPECT_EQ(first.count(), 2'000u);
  EXPECT_EQ(first.max_ns(), both.max_ns());
  EXPECT_DOUBLE_EQ(first.mean_ns(), both.mean_ns());
}

TEST(Histogram, ComesBackFromItsSparseForm) {
  Histogram histogram;
  for (const uint64_t value : RandomValues(7, 1'000)) histogram.Add(value);
  const Histogram copy = Histogram::FromSparse(histogram.Sparse(), histogram.sum_ns(), histogram.max_ns());
  EXPECT_EQ(copy.Sparse(), histogram.Sparse());
  EXPECT_EQ(copy.count(), histogram.count());
  EXPECT_EQ(copy.Percentile(0.99), histogram.Percentile(0.99));
}

TEST(Histogram, CountsWhatIsAboveALimit) {
  Histogram histogram;
  for (const uint64_t ms : {1, 50, 99, 105, 150, 1'000}) histogram.Add(ms * 1'000'000);
  EXPECT_EQ(histogram.CountAbove(100'000'000), 3u);
}

TEST(Histogram, AnEmptyOneHasOnlyZeros) {
  const Histogram histogram;
  EXPECT_EQ(histogram.Percentile(0.5), 0u);
  EXPECT_EQ(histogram.Percentile(1), 0u);
  EXPECT_EQ(histogram.mean_ns(), 0);
  EXPECT_TRUE(histogram.Sparse().empty());
}

}  // namespace
}  // namespace amethyst::bench
