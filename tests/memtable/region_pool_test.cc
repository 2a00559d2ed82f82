// Covers: region_pool, region
#include "memtable/region_pool.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "memtable/memtable.h"

namespace amethyst::memtable {
namespace {

constexpr size_t kBytes = size_t{1} << 20;

TEST(RegionPool, GivesTheMemoryOfTheDeadToTheNext) {
  RegionPool pool;
  Region first = pool.Take(kBytes);
  Region second = pool.Take(kBytes);
  char* const data = second.data();
  data[0] = 'x';
  pool.Put(std::move(second));
  Region third = pool.Take(kBytes);
  EXPECT_EQ(third.data(), data);
  EXPECT_EQ(third.data()[0], 'x') << "not cleared";
  pool.Put(std::move(third));
  Region larger = pool.Take(2 * kBytes);
  EXPECT_EQ(larger.size(), 2 * kBytes);
  EXPECT_EQ(larger.data()[0], 0) << "of its own";
  pool.Put(std::move(first));
  pool.Put(std::move(larger));
}

TEST(RegionPool, KeepsNoSpareBesideThreeThatAreAliveNorOnceItIsClosed) {
  RegionPool pool;
  const Region another = pool.Take(kBytes);
  Region first = pool.Take(kBytes);
  Region second = pool.Take(kBytes);
  Region third = pool.Take(kBytes);
  third.data()[0] = 'x';
  pool.Put(std::move(third));
  Region fourth = pool.Take(kBytes);
  EXPECT_EQ(fourth.data()[0], 0);
  pool.Put(std::move(fourth));
  second.data()[0] = 'y';
  pool.Put(std::move(second));
  pool.Close();
  Region fifth = pool.Take(kBytes);
  EXPECT_EQ(fifth.data()[0], 0);
  fifth.data()[0] = 'z';
  pool.Put(std::move(fifth));
  pool.Put(std::move(first));
  EXPECT_EQ(pool.Take(kBytes).data()[0], 0);
}

Region TakeAndTouch(RegionPool& pool, size_t bytes) {
  Region region = pool.Take(bytes);
  if (const size_t more = region.ExtendLow(bytes); more > 0) pool.AddTouched(more);
  return region;
}

TEST(RegionPool, AnotherFloorLetsGoOfTheSpareAndOfWhatIsReserved) {
  const auto budget = std::make_shared<cache::MemoryBudget>(64 * kBytes, CachePolicy::kScanResistant);
  RegionPool pool(budget, 4 * kBytes);
  pool.Put(TakeAndTouch(pool, 2 * kBytes));
  EXPECT_EQ(budget->reserved_bytes(), 2 * kBytes);
  pool.SetFloor(kBytes);
  EXPECT_EQ(budget->reserved_bytes(), kBytes);
  pool.SetFloor(8 * kBytes);
  pool.Put(TakeAndTouch(pool, 2 * kBytes));
  EXPECT_EQ(budget->reserved_bytes(), 2 * kBytes);
  EXPECT_EQ(budget->sharers(), 1u);
  pool.Close();
  EXPECT_EQ(budget->reserved_bytes(), 0u);
}

TEST(RegionPool, KeepsNoSpareThatWasMadeForALargeBatch) {
  const auto budget = std::make_shared<cache::MemoryBudget>(32 * kBytes, CachePolicy::kScanResistant);
  RegionPool pool(budget, 2 * kBytes);
  pool.Put(TakeAndTouch(pool, 20 * kBytes));
  EXPECT_EQ(budget->reserved_bytes(), 2 * kBytes);
  pool.Put(TakeAndTouch(pool, 2 * kBytes));
  Region usual = TakeAndTouch(pool, kBytes);
  EXPECT_EQ(budget->reserved_bytes(), 3 * kBytes) << "the spare of another size stays";
  pool.Put(std::move(usual));
}

TEST(RegionPool, ReservesWhatIsTouchedAndOnceReservedItsFloor) {
  const auto budget = std::make_shared<cache::MemoryBudget>(32 * kBytes, CachePolicy::kScanResistant);
  {
    RegionPool pool(budget, 2 * kBytes);
    std::vector<Region> regions;
    for (size_t i = 0; i < 4; ++i) regions.push_back(pool.Take(kBytes));
    EXPECT_EQ(budget->reserved_bytes(), 0u);
    pool.AddTouched(regions[0].ExtendLow(1));
    pool.AddTouched(regions[0].ExtendHigh(kBytes - 1));
    EXPECT_EQ(budget->reserved_bytes(), size_t{128} << 10);
    for (Region& region : regions) pool.AddTouched(region.ExtendLow(kBytes));
    EXPECT_EQ(budget->reserved_bytes(), 4 * kBytes);
    EXPECT_EQ(budget->memtable_bytes(), 4 * kBytes);
    pool.Put(std::move(regions[3]));
    EXPECT_EQ(budget->reserved_bytes(), 3 * kBytes) << "beside three no spare";
    pool.Put(std::move(regions[2]));
    EXPECT_EQ(budget->reserved_bytes(), 3 * kBytes) << "a spare";
    pool.Put(std::move(regions[1]));
    EXPECT_EQ(budget->reserved_bytes(), 2 * kBytes);
    pool.Close();
    EXPECT_EQ(budget->reserved_bytes(), kBytes) << "what is alive";
    pool.Put(std::move(regions[0]));
    EXPECT_EQ(budget->reserved_bytes(), 0u);
  }
  EXPECT_EQ(budget->memtable_bytes(), 0u);
}

TEST(RegionPool, DatabasesOfOneBudgetShareTheFloorAndKeepFewSpares) {
  const auto budget = std::make_shared<cache::MemoryBudget>(64 * kBytes, CachePolicy::kScanResistant);
  std::vector<std::unique_ptr<RegionPool>> pools;
  for (size_t i = 0; i < 16; ++i) pools.push_back(std::make_unique<RegionPool>(budget, 4 * kBytes));
  EXPECT_EQ(budget->sharers(), 16u);
  for (const auto& pool : pools) pool->Put(TakeAndTouch(*pool, 2 * kBytes));
  EXPECT_LE(budget->memtable_bytes(), 8 * kBytes + 16 * kBytes / 4);
  for (const auto& pool : pools) pool->Close();
  EXPECT_EQ(budget->reserved_bytes(), 0u);
  EXPECT_EQ(budget->sharers(), 1u);
}

TEST(Region, GrowsInSmallStepsThenInLargeOnesAndNeverBeyondItself) {
  constexpr size_t kStep = size_t{64} << 10;
  Region region(8 * kBytes);
  EXPECT_EQ(region.ExtendLow(1), kStep);
  EXPECT_EQ(region.ExtendHigh(8 * kBytes - 1), kStep);
  EXPECT_EQ(region.low_end(), kStep);
  EXPECT_EQ(region.high_begin(), 8 * kBytes - kStep);
  EXPECT_EQ(region.ExtendLow(kBytes), kBytes - kStep);
  EXPECT_EQ(region.ExtendLow(kBytes + 1), kBytes) << "to the end of a huge page";
  EXPECT_EQ(region.ExtendLow(7 * kBytes), 6 * kBytes - kStep) << "all that is left";
  EXPECT_EQ(region.touched_bytes(), region.size());
}

TEST(RegionPool, AMemtableInUsedMemoryIsAsGoodAsNew) {
  const auto pool = std::make_shared<RegionPool>();
  const auto key = [](int i) { return "key" + std::to_string(i); };
  const auto lookup = [](std::string_view wanted) { return key::LookupKey(wanted, key::kSequenceMax); };
  const auto fill = [&](Memtable& memtable, int from, std::string_view value) {
    for (int i = from; i < 4000; i += 2) {
      memtable.Insert(
          {key(i), key::Tag(key::SequenceNumber{static_cast<uint64_t>(i) + 1}, key::EntryKind::kPut), value});
    }
  };
  {
    Memtable used(kBytes, key::Order(), pool);
    fill(used, 0, std::string(30, '\xff'));
  }
  Memtable memtable(kBytes, key::Order(), pool);
  for (int i = 0; i < 4000; ++i) ASSERT_FALSE(memtable.Get(lookup(key(i))).has_value());
  fill(memtable, 1, "fresh");
  for (int i = 0; i < 4000; ++i) {
    const auto found = memtable.Get(lookup(key(i)));
    ASSERT_EQ(found.has_value(), i % 2 == 1);
    if (found) {
      EXPECT_EQ(found->value, "fresh");
    }
  }
}

}  // namespace
}  // namespace amethyst::memtable
