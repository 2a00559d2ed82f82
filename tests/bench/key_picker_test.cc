#include "bench/key_picker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace amethyst::bench {
namespace {

TEST(Permutation, GivesEveryNumberBelowItsBoundOnce) {
  for (const uint64_t bound : {1, 2, 3, 4, 5, 100, 1'024, 1'025, 99'999}) {
    for (const uint64_t seed : {1, 2}) {
      const Permutation permutation(bound, seed);
      std::vector<bool> seen(bound);
      for (uint64_t i = 0; i < bound; ++i) {
        const uint64_t number = permutation(i);
        ASSERT_LT(number, bound);
        EXPECT_FALSE(seen[number]);
        seen[number] = true;
      }
    }
  }
}

TEST(Permutation, LooksRandom) {
  constexpr uint64_t kBound = 100'000;
  const Permutation permutation(kBound, 3);
  const Permutation other(kBound, 4);
  uint64_t ascents = 0;
  uint64_t near = 0;
  uint64_t same = 0;
  for (uint64_t i = 1; i < kBound; ++i) {
    ascents += permutation(i) > permutation(i - 1) ? 1 : 0;
    near += std::max(permutation(i), permutation(i - 1)) - std::min(permutation(i), permutation(i - 1)) < 100 ? 1 : 0;
    same += permutation(i) == other(i) ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(ascents) / kBound, 0.5, 0.02);
  EXPECT_LT(near, kBound / 100);
  EXPECT_LT(same, 100u);
}

TEST(KeyPicker, ThreadsShareAnOrderSoThatEachKeyComesOnce) {
  constexpr uint64_t kKeys = 1'000;
  for (const Order order : {Order::kSequential, Order::kShuffled}) {
    const KeySpace space({.keys = kKeys, .order = order});
    std::vector<int> counts(kKeys);
    for (uint32_t thread = 0; thread < 3; ++thread) {
      KeyPicker picker(space, {thread, 3});
      base::Random random(thread);
      for (uint64_t i = 0; i < (kKeys + 2 - thread) / 3; ++i) ++counts[picker.Next(random)];
    }
    EXPECT_EQ(std::ranges::count(counts, 1), static_cast<std::ptrdiff_t>(kKeys));
  }
}

TEST(KeyPicker, SequentialKeysAscend) {
  const KeySpace space({.keys = 10, .order = Order::kSequential});
  KeyPicker picker(space, {});
  base::Random random(1);
  for (uint64_t i = 0; i < 25; ++i) EXPECT_EQ(picker.Next(random), i % 10);
}

// How often the most popular keys are picked, the most popular first.
std::vector<uint64_t> Popularity(const KeySpace& space, uint64_t keys) {
  std::vector<uint64_t> counts(keys);
  KeyPicker picker(space, {});
  base::Random random(5);
  for (int i = 0; i < 100'000; ++i) ++counts.at(picker.Next(random));
  std::ranges::sort(counts, std::greater());
  return counts;
}

TEST(KeyPicker, DistributionsFavourWhatTheyShould) {
  constexpr uint64_t kKeys = 10'000;
  const auto share_of_first = [&](Order order, size_t first) {
    const std::vector<uint64_t> counts = Popularity(KeySpace({.keys = kKeys, .order = order}), kKeys);
    uint64_t sum = 0;
    for (size_t i = 0; i < first; ++i) sum += counts[i];
    return static_cast<double>(sum) / 100'000;
  };
  EXPECT_LT(share_of_first(Order::kUniform, 100), 0.03);
  EXPECT_NEAR(share_of_first(Order::kZipf, 100), 0.53, 0.04);
  EXPECT_NEAR(share_of_first(Order::kHotspot, 100), 0.99, 0.005);
}

TEST(KeyPicker, LatestFollowsTheNewestKey) {
  KeySpace space({.keys = 1'000, .order = Order::kLatest});
  KeyPicker picker(space, {});
  base::Random random(1);
  const auto picks_of = [&](uint64_t number) {
    int picks = 0;
    for (int i = 0; i < 10'000; ++i) picks += picker.Next(random) == number ? 1 : 0;
    return picks;
  };
  EXPECT_GT(picks_of(999), 1'000);
  EXPECT_EQ(space.Append(), 1'000u);
  EXPECT_GT(picks_of(1'000), 1'000);
}

}  // namespace
}  // namespace amethyst::bench
