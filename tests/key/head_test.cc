#include "key/head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"
#include "key/order.h"

namespace amethyst::key {
namespace {

// Keys that collide a lot: few letters, among them the bytes 0 and 255, and lengths around a word.
std::string AnyKey(base::Random& random, size_t length_max) {
  std::string key(random.Below(length_max + 1), '\0');
  for (char& byte : key) byte = "\x00\x01\x61\x7f\x80\xff"[random.Below(6)];
  return key;
}

TEST(Head, IsTheNextEightBytesAsABigEndianInteger) {
  EXPECT_EQ(HeadOf("\x01\x02\x03\x04\x05\x06\x07\x08\x09", 0), 0x0102030405060708u);
  EXPECT_EQ(HeadOf("\x01\x02\x03\x04\x05\x06\x07\x08\x09", 1), 0x0203040506070809u);
  EXPECT_EQ(HeadOf("\x01\x02", 0), 0x0102000000000000u);
  EXPECT_EQ(HeadOf("\x01\x02", 1), 0x0200000000000000u);
  EXPECT_EQ(HeadOf("\x01\x02", 2), 0u);
  EXPECT_EQ(HeadOf("\x01\x02", 9), 0u);
  EXPECT_EQ(HeadOf("", 0), 0u);
}

TEST(Head, EqualHeadsDecideNothing) {
  using std::string_view;
  EXPECT_EQ(HeadOf("a", 0), HeadOf(string_view("a\0", 2), 0));
  EXPECT_NE(CompareBytes("a", string_view("a\0", 2)), 0);
}

TEST(Head, DifferentHeadsOrderKeysAsBytesDo) {
  base::Random random(1);
  uint64_t decided = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string prefix = AnyKey(random, 12);
    const std::string a = prefix + AnyKey(random, 12);
    const std::string b = prefix + AnyKey(random, 12);
    const size_t skip = random.Below(prefix.size() + 1);
    const Head head_a = HeadOf(a, skip);
    const Head head_b = HeadOf(b, skip);
    const int order = CompareBytes(a, b);
    if (head_a != head_b) {
      ++decided;
      ASSERT_EQ(head_a < head_b, order < 0);
    }
    if (order == 0) {
      ASSERT_EQ(head_a, head_b);
    }
  }
  EXPECT_GT(decided, 100'000u);
}

TEST(Head, ReadsNothingBehindTheKey) {
  for (size_t length = 0; length <= 20; ++length) {
    const std::vector<char> exact(length, 'x');  // On the heap, where the address sanitizer looks.
    for (size_t skip = 0; skip <= length + 1; ++skip) {
      EXPECT_EQ(HeadOf({exact.data(), length}, skip), HeadOf(std::string(length, 'x'), skip));
    }
  }
}

TEST(CommonPrefix, IsTheNumberOfLeadingEqualBytes) {
  base::Random random(2);
  for (int i = 0; i < 100'000; ++i) {
    const std::string shared = AnyKey(random, 20);
    const std::string a = shared + AnyKey(random, 10);
    const std::string b = shared + AnyKey(random, 10);
    const auto [in_a, in_b] = std::ranges::mismatch(a, b);
    ASSERT_EQ(CommonPrefix(a, b), static_cast<size_t>(in_a - a.begin()));
    ASSERT_EQ(CommonPrefix(b, a), CommonPrefix(a, b));
    ASSERT_EQ(CommonPrefix(a, a), a.size());
  }
}

std::vector<Head> SortedHeads(base::Random& random, size_t count) {
  const uint64_t range = random.OneIn(2) ? 2 * count + 1 : uint64_t{1} << 63;  // With and without many equal ones.
  std::vector<Head> heads(count);
  for (Head& head : heads) head = random.Below(range) * (random.OneIn(2) ? 1 : 2);
  std::ranges::sort(heads);
  return heads;
}

TEST(LowerBound, AgreesWithTheStandardLibrary) {
  base::Random random(3);
  for (uint32_t count = 0; count < 300; ++count) {
    const std::vector<Head> heads = SortedHeads(random, count);
    std::vector<Head> targets = {0, 1, ~Head{0}};
    for (const Head head : heads) targets.insert(targets.end(), {head - 1, head, head + 1});
    for (const Head target : targets) {
      const auto expected = static_cast<uint32_t>(std::ranges::lower_bound(heads, target) - heads.begin());
      ASSERT_EQ(LowerBound(heads.data(), count, target), expected) << count;
      ASSERT_EQ(CountBelow(heads.data(), count, target), expected) << count;
    }
  }
}

TEST(LowerBound, FindsItsWayInLongArrays) {
  base::Random random(4);
  const std::vector<Head> heads = SortedHeads(random, 100'003);
  for (int i = 0; i < 10'000; ++i) {
    const Head target = random.OneIn(2) ? heads[random.Below(heads.size())] : random();
    const auto expected = static_cast<uint32_t>(std::ranges::lower_bound(heads, target) - heads.begin());
    ASSERT_EQ(LowerBound(heads.data(), static_cast<uint32_t>(heads.size()), target), expected);
  }
}

TEST(CountBelow, RanksAmongUnsortedHeads) {
  base::Random random(5);
  for (uint32_t count = 0; count < 100; ++count) {
    std::vector<Head> heads(count);
    for (Head& head : heads) head = random.Below(50);
    for (Head target = 0; target < 52; ++target) {
      const auto expected = std::ranges::count_if(heads, [target](Head head) { return head < target; });
      ASSERT_EQ(CountBelow(heads.data(), count, target), static_cast<uint32_t>(expected));
    }
  }
}

TEST(Head, HasPrefixIsStartsWith) {
  base::Random random(5);
  for (int round = 0; round < 20'000; ++round) {
    const std::string key = AnyKey(random, 30);
    std::string prefix = random.OneIn(2) ? key.substr(0, random.Below(key.size() + 1)) : AnyKey(random, 30);
    if (!prefix.empty() && random.OneIn(3)) prefix[random.Below(prefix.size())] ^= 1;
    ASSERT_EQ(HasPrefix(key, prefix), key.starts_with(prefix)) << key << " " << prefix;
  }
}

}  // namespace
}  // namespace amethyst::key
