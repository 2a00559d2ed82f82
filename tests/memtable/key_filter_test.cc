#include "memtable/key_filter.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace amethyst::memtable {
namespace {

TEST(KeyFilter, ContainsWhatWasAddedAndLittleElse) {
  constexpr size_t kCapacityBytes = size_t{4} << 20;
  Arena arena(KeyFilter::Bytes(kCapacityBytes));
  KeyFilter filter(arena, kCapacityBytes);
  base::Random random(1);
  for (size_t i = 0; i < kCapacityBytes / 176; ++i) filter.Add(random());
  random = base::Random(1);
  for (size_t i = 0; i < kCapacityBytes / 176; ++i) ASSERT_TRUE(filter.MayContain(random()));
  int wrong = 0;
  for (int i = 0; i < 100'000; ++i) wrong += filter.MayContain(random());
  EXPECT_LT(wrong, 4'000);
}

TEST(KeyFilter, WorksForTheSmallestMemtable) {
  Arena arena(KeyFilter::Bytes(0));
  KeyFilter filter(arena, 0);
  EXPECT_FALSE(filter.MayContain(~uint64_t{0}));
  filter.Add(~uint64_t{0});
  EXPECT_TRUE(filter.MayContain(~uint64_t{0}));
}

}  // namespace
}  // namespace amethyst::memtable
