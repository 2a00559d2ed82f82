#include "key/order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"

namespace amethyst::key {
namespace {

// A custom order: by length, then bytes.
class ShorterFirst final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return a.compare(b);
  }
  std::string_view Name() const override { return "test.shorter_first"; }
};

std::string AnyKey(base::Random& random) {
  std::string key(random.Below(7), '\0');
  for (char& byte : key) byte = "\x00\x01\x61\xfe\xff"[random.Below(5)];
  return key;
}

int Sign(int order) { return (order > 0) - (order < 0); }

TEST(Order, TheDefaultIsBytewiseAndUnsigned) {
  const Order order;
  EXPECT_TRUE(order.IsBytewise());
  EXPECT_EQ(order.comparator(), BytewiseComparator());
  EXPECT_EQ(BytewiseComparator()->Name(), "amethyst.bytewise");
  EXPECT_TRUE(order.Less("", "a"));
  EXPECT_TRUE(order.Less("a", "ab"));
  EXPECT_TRUE(order.Less("a", std::string_view("a\0", 2)));
  EXPECT_TRUE(order.Less("\x7f", "\x80"));
  EXPECT_FALSE(order.Less("a", "a"));
}

TEST(Order, AgreesWithTheStandardLibrary) {
  base::Random random(1);
  const Order order;
  for (int i = 0; i < 100'000; ++i) {
    const std::string a = AnyKey(random);
    const std::string b = AnyKey(random);
    ASSERT_EQ(Sign(order.Compare(a, b)), Sign(a.compare(b)));
    ASSERT_EQ(Sign(BytewiseComparator()->Compare(a, b)), Sign(a.compare(b)));
    ASSERT_EQ(order.Less(a, b), a < b);
  }
}

TEST(Order, ACustomComparatorIsAsked) {
  const ShorterFirst shorter_first;
  const Order order(&shorter_first);
  EXPECT_FALSE(order.IsBytewise());
  EXPECT_EQ(order.comparator(), &shorter_first);
  EXPECT_TRUE(order.Less("z", "aa"));
}

TEST(Order, EntriesOfOneKeyGoNewestFirst) {
  const Order order;
  const Entry old_a("a", Tag(SequenceNumber{1}, EntryKind::kPut), "v");
  const Entry new_a("a", Tag(SequenceNumber{2}, EntryKind::kDelete), "");
  const Entry b("b", Tag(SequenceNumber{3}, EntryKind::kPut), "v");
  EXPECT_LT(order.Compare(new_a, old_a), 0);
  EXPECT_GT(order.Compare(old_a, new_a), 0);
  EXPECT_LT(order.Compare(old_a, b), 0);
  EXPECT_EQ(order.Compare(b, b), 0);
}

TEST(Separator, LiesBetweenItsKeysAndIsAsShortAsCanBe) {
  base::Random random(2);
  const Order order;
  for (int i = 0; i < 100'000; ++i) {
    std::string a = AnyKey(random);
    std::string b = AnyKey(random);
    if (a == b) continue;
    if (b < a) std::swap(a, b);
    const std::string separator = order.Separator(a, b);
    ASSERT_LT(a, separator);
    ASSERT_LE(separator, b);
    ASSERT_TRUE(b.starts_with(separator));
    ASSERT_LE(b.substr(0, separator.size() - 1), a) << "a shorter prefix would do";
  }
}

TEST(Separator, IsTheUpperKeyUnderACustomOrder) {
  const ShorterFirst shorter_first;
  EXPECT_EQ(Order(&shorter_first).Separator("b", "aaaa"), "aaaa");
}

}  // namespace
}  // namespace amethyst::key
