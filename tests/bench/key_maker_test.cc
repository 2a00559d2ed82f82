#include "bench/key_maker.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/random.h"

namespace amethyst::bench {
namespace {

std::string Key(KeyKind kind, uint64_t number) {
  std::string key = "what was there before";
  KeyMaker(kind).Make(number, &key);
  return key;
}

KeyKind KindOf(size_t index) { return static_cast<KeyKind>(index); }

TEST(KeyMaker, DistinctNumbersGiveDistinctKeysOfTheSizeThatItNames) {
  for (size_t kind = 0; kind < KeyKindNames().size(); ++kind) {
    std::set<std::string> keys;
    for (uint64_t number = 0; number < 20'000; ++number) {
      const std::string key = Key(KindOf(kind), number < 10'000 ? number : number * 1'000'003);
      EXPECT_EQ(key.size(), KeyMaker(KindOf(kind)).bytes());
      EXPECT_TRUE(keys.insert(key).second) << KeyKindNames()[kind] << ' ' << number;
    }
  }
}

TEST(KeyMaker, KeysOfOrderedKindsSortAsTheirNumbers) {
  base::Random random(1);
  for (size_t kind = 0; kind < KeyKindNames().size(); ++kind) {
    bool sorted = true;
    for (int i = 0; i < 1'000; ++i) {
      const uint64_t number = random.Below(1'000'000'000'000);
      sorted = sorted && Key(KindOf(kind), number) < Key(KindOf(kind), number + 1) &&
               Key(KindOf(kind), number) < Key(KindOf(kind), number + 1 + random.Below(1'000'000));
    }
    EXPECT_EQ(sorted, KeyMaker(KindOf(kind)).ordered()) << KeyKindNames()[kind];
  }
}

// A change of these makes figures of different versions incomparable.
TEST(KeyMaker, KeysAreTheSameForever) {
  EXPECT_EQ(Key(KeyKind::kDecimal, 1234567890123456), "1234567890123456");
  EXPECT_EQ(Key(KeyKind::kDecimal, 7), "0000000000000007");
  EXPECT_EQ(Key(KeyKind::kHashed, 1), "5692161d100b05e5");
  EXPECT_EQ(Key(KeyKind::kBinary, 0x0102030405), std::string("\0\0\0\1\2\3\4\5", 8));
  EXPECT_EQ(Key(KeyKind::kUrl, 42), "https://shop-20.example.com/catalogue/items/0000000000000042");
  EXPECT_EQ(Key(KeyKind::kPrefix, 1).substr(60), "n-7/0000000000000001");
  EXPECT_EQ(Key(KeyKind::kTime, 1).size(), 16u);
}

}  // namespace
}  // namespace amethyst::bench
