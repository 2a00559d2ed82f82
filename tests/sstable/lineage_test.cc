#include "sstable/lineage.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace amethyst::sstable {
namespace {

key::FileNumber Number(uint64_t number) { return key::FileNumber{number}; }

TEST(NumberSet, HoldsWhatAnyOrderOfAddingPutIntoIt) {
  base::Random random(1);
  NumberSet set;
  std::set<uint64_t> model;
  for (int i = 0; i < 100; ++i) {
    const uint64_t number = 1 + random.Below(200);
    set.Add(Number(number));
    model.insert(number);
    for (uint64_t n = 0; n <= 201; ++n) ASSERT_EQ(set.Contains(Number(n)), model.contains(n)) << n;
  }
  NumberSet read;
  std::string bytes;
  set.AppendTo(&bytes);
  ASSERT_TRUE(NumberSet::FromBytes(bytes, &read));
  EXPECT_EQ(read, set);
  NumberSet sum;
  sum.Add(Number(1000));
  sum.AddAll(set);
  EXPECT_TRUE(sum.Contains(Number(1000)) && sum.Contains(Number(*model.begin())));
}

TEST(NumberSet, ForgetsTheOldestOfTooManyIntervals) {
  NumberSet set;
  for (uint64_t i = 1; i <= NumberSet::kIntervalsMax + 10; ++i) set.Add(Number(2 * i));
  EXPECT_FALSE(set.Contains(Number(20)));
  EXPECT_TRUE(set.Contains(Number(22)));
  EXPECT_TRUE(set.Contains(Number(2 * (NumberSet::kIntervalsMax + 10))));
}

TEST(NumberSet, RefusesBytesThatAreNone) {
  NumberSet set;
  for (const std::string& bytes : {std::string("\x05"), std::string("\x80"), std::string(11, '\xff'),
                                   std::string(2 * NumberSet::kIntervalsMax + 2, '\x01')}) {
    EXPECT_FALSE(NumberSet::FromBytes(bytes, &set)) << bytes.size();
  }
}

TEST(Lineage, ReplacesOnlyWithinItsSpan) {
  Lineage lineage{.replaced = {}, .begin = "b", .end = "d"};
  lineage.replaced.Add(Number(7));
  EXPECT_TRUE(lineage.Replaces(Number(7), "b") && lineage.Replaces(Number(7), "czz"));
  EXPECT_FALSE(lineage.Replaces(Number(7), "a") || lineage.Replaces(Number(7), "d"));
  EXPECT_FALSE(lineage.Replaces(Number(8), "c"));
}

}  // namespace
}  // namespace amethyst::sstable
