#include "bench/timeline.h"

#include <gtest/gtest.h>

namespace amethyst::bench {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;

TEST(Timeline, PutsEachOperationIntoItsSliceOfTime) {
  Timeline timeline(5 * kSecondNs);
  timeline.Add(5 * kSecondNs + 1, 10, 1);
  timeline.Add(5 * kSecondNs + timeline.slice_ns() / 2, 20, 100);
  timeline.Add(5 * kSecondNs + 3 * timeline.slice_ns(), 30, 1);
  ASSERT_EQ(timeline.slices().size(), 4u);
  EXPECT_EQ(timeline.slices()[0].operations, 101u);
  EXPECT_EQ(timeline.slices()[1].operations, 0u);
  EXPECT_EQ(timeline.slices()[3].latency.max_ns(), 30u);
}

TEST(Timeline, GrowsCoarserInsteadOfLongerAndLosesNothing) {
  Timeline timeline(0);
  for (uint64_t second = 1; second <= 1'000; ++second) timeline.Add(second * kSecondNs, second, 2);
  EXPECT_LE(timeline.slices().size(), 240u);
  EXPECT_GE(timeline.slices().size(), 120u);
  EXPECT_EQ(timeline.operations(), 2'000u);
  EXPECT_EQ(timeline.Latency().count(), 1'000u);
  EXPECT_EQ(timeline.Latency().max_ns(), 1'000u);
}

TEST(Timeline, MergesWithOneOfAnotherLength) {
  for (const bool long_first : {false, true}) {
    Timeline one(0);
    Timeline other(0);
    Timeline& longer = long_first ? one : other;
    Timeline& shorter = long_first ? other : one;
    for (uint64_t second = 1; second <= 100; ++second) longer.Add(second * kSecondNs, 7, 1);
    for (uint64_t tenth = 1; tenth <= 15; ++tenth) shorter.Add(tenth * kSecondNs / 10, 9, 1);
    const uint64_t slice_ns = longer.slice_ns();
    one.Merge(other);
    EXPECT_EQ(one.slice_ns(), slice_ns);
    EXPECT_EQ(one.operations(), 115u);
    EXPECT_EQ(one.slices()[0].latency.max_ns(), 9u);
    EXPECT_EQ(one.slices().back().latency.max_ns(), 7u);
    one.Add(101 * kSecondNs, 1, 1);
    EXPECT_EQ(one.operations(), 116u);
  }
}

}  // namespace
}  // namespace amethyst::bench
