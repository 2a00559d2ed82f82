#include "key/bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/random.h"
#include "support/backwards.h"

namespace amethyst::key {
namespace {

const Order kBytewise;

std::string Long(char byte, size_t bytes = 5'000) { return std::string(bytes, byte); }

TEST(Bounds, AShortKeyIsItsOwnBound) {
  for (const size_t bytes : {size_t{0}, size_t{1}, kBoundBytes}) {
    const std::string key(bytes, '\xff');
    EXPECT_EQ(SmallestBound(key, {}, kBytewise), key);
    EXPECT_EQ(LargestBound(key, {}, kBytewise), key);
    EXPECT_EQ(BoundBetween("", key + "a", kBytewise).substr(0, bytes), key);
  }
}

TEST(Bounds, ALongKeyHasShortBoundsThatLieAroundIt) {
  const std::string key = Long('k');
  const std::string smallest = SmallestBound(key, {}, kBytewise);
  const std::string largest = LargestBound(key, {}, kBytewise);
  EXPECT_EQ(smallest, std::string(kBoundBytes, 'k'));
  EXPECT_EQ(largest, std::string(kBoundBytes - 1, 'k') + "l");
  EXPECT_LT(smallest, key);
  EXPECT_GT(largest, key);
}

TEST(Bounds, WhereNoShorterKeyIsGreaterTheKeyIsItsBound) {
  EXPECT_EQ(LargestBound(Long('\xff'), {}, kBytewise), Long('\xff'));
  EXPECT_EQ(LargestBound("a" + Long('\xff'), {}, kBytewise), "b");
  const std::string most = Long('\xff') + "a";
  EXPECT_EQ(LargestBound(most, {.end = Long('\xff') + "b"}, kBytewise), most);
}

TEST(Bounds, UnderAnotherOrderTheyAreTheKeys) {
  const support::Backwards backwards;
  const Order order(&backwards);
  EXPECT_EQ(SmallestBound(Long('k'), {.begin = Long('l')}, order), Long('k'));
  EXPECT_EQ(LargestBound(Long('k'), {.end = Long('j')}, order), Long('k'));
  EXPECT_EQ(BoundBetween(Long('j'), Long('k'), order), Long('k'));
}

TEST(Bounds, StayWithinTheirLimits) {
  const std::string key = Long('k');
  EXPECT_EQ(SmallestBound(key, {.begin = Long('k', 300)}, kBytewise), Long('k', 300));
  EXPECT_EQ(SmallestBound(key, {.begin = "a"}, kBytewise), Long('k', kBoundBytes));
  EXPECT_EQ(LargestBound(key, {.last = key + "a"}, kBytewise), key + "a");
  EXPECT_EQ(LargestBound(key, {.last = "z"}, kBytewise), Long('k', kBoundBytes - 1) + "l");
  const std::string end = Long('k', 300) + "z";
  const std::string bound = LargestBound(key, {.end = end}, kBytewise);
  EXPECT_EQ(bound, Long('k', 301) + "l");
  EXPECT_LT(bound, end);
}

// A key of a few hundred bytes that is likely to share most of them with others.
std::string AnyKey(base::Random& random) {
  std::string key(200 + random.Below(120), random.OneIn(4) ? '\xff' : 'a');
  for (uint64_t i = random.Below(3); i > 0; --i) key[random.Below(key.size())] = "\x00\x01z\xfe\xff"[random.Below(5)];
  return key;
}

TEST(Bounds, OfNeighboursShareNoKeyWhateverTheKeysAre) {
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    std::set<std::string> drawn;
    while (drawn.size() < 12) drawn.insert(AnyKey(random));
    const std::vector<std::string> keys(drawn.begin(), drawn.end());
    BoundLimits limits{.begin = SmallestBound(keys.front(), {}, kBytewise),
                       .last = LargestBound(keys.back(), {}, kBytewise)};
    std::string before;
    for (size_t first = 0; first < keys.size();) {
      const size_t last = first + random.Below(keys.size() - first);
      if (last + 1 < keys.size()) {
        limits.end = BoundBetween(keys[last], keys[last + 1], kBytewise);
        ASSERT_LT(keys[last], *limits.end);
        ASSERT_LE(*limits.end, keys[last + 1]);
      } else {
        limits.end.reset();
      }
      const std::string smallest = SmallestBound(keys[first], limits, kBytewise);
      const std::string largest = LargestBound(keys[last], limits, kBytewise);
      ASSERT_LE(smallest, keys[first]);
      ASSERT_GE(largest, keys[last]);
      ASSERT_TRUE(first == 0 ? smallest >= *limits.begin : before < smallest);
      ASSERT_LE(largest, *limits.last);
      before = largest;
      limits.begin = limits.end;
      first = last + 1;
    }
  }
}

}  // namespace
}  // namespace amethyst::key
