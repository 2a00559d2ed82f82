#include "base/random.h"

#include <gtest/gtest.h>

#include <vector>

namespace amethyst::base {
namespace {

TEST(Random, RepeatsFromItsSeed) {
  Random one(42);
  Random two(42);
  Random other(43);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t value = one();
    EXPECT_EQ(value, two());
    equal += value == other();
  }
  EXPECT_EQ(equal, 0);
}

TEST(Random, SeedZeroIsAsGoodAsAny) {
  Random random(0);
  uint64_t ones = 0;
  for (int i = 0; i < 1000; ++i) ones += static_cast<uint64_t>(std::popcount(random()));
  EXPECT_NEAR(static_cast<double>(ones), 32'000.0, 1000.0);
}

TEST(Random, BelowIsUniformWithinItsBound) {
  Random random(5);
  constexpr uint64_t kBound = 10;
  std::vector<int> counts(kBound);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t value = random.Below(kBound);
    ASSERT_LT(value, kBound);
    ++counts[value];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 600);
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(Random, OneInComesUpThatOften) {
  Random random(6);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += random.OneIn(100);
  EXPECT_NEAR(hits, 1000, 200);
  EXPECT_TRUE(random.OneIn(1));
}

}  // namespace
}  // namespace amethyst::base
