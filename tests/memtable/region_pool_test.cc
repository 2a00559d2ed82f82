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
  io::MemoryRegion first = pool.Take(kBytes);
  io::MemoryRegion second = pool.Take(kBytes);
  char* const data = second.data();
  data[0] = 'x';
  pool.Put(std::move(second));
  io::MemoryRegion third = pool.Take(kBytes);
  EXPECT_EQ(third.data(), data);
  EXPECT_EQ(third.data()[0], 'x') << "not cleared";
  pool.Put(std::move(third));
  io::MemoryRegion larger = pool.Take(2 * kBytes);
  EXPECT_EQ(larger.size(), 2 * kBytes);
  EXPECT_EQ(larger.data()[0], 0) << "of its own";
  pool.Put(std::move(first));
  pool.Put(std::move(larger));
}

TEST(RegionPool, KeepsNoSpareBesideThreeThatAreAliveNorOnceItIsClosed) {
  RegionPool pool;
  const io::MemoryRegion another = pool.Take(kBytes);
  io::MemoryRegion first = pool.Take(kBytes);
  io::MemoryRegion second = pool.Take(kBytes);
  io::MemoryRegion third = pool.Take(kBytes);
  third.data()[0] = 'x';
  pool.Put(std::move(third));
  io::MemoryRegion fourth = pool.Take(kBytes);
  EXPECT_EQ(fourth.data()[0], 0);
  pool.Put(std::move(fourth));
  second.data()[0] = 'y';
  pool.Put(std::move(second));
  pool.Close();
  io::MemoryRegion fifth = pool.Take(kBytes);
  EXPECT_EQ(fifth.data()[0], 0);
  fifth.data()[0] = 'z';
  pool.Put(std::move(fifth));
  pool.Put(std::move(first));
  EXPECT_EQ(pool.Take(kBytes).data()[0], 0);
}

TEST(RegionPool, KeepsNoSpareThatWasMadeForALargeBatch) {
  const auto budget = std::make_shared<cache::MemoryBudget>(32 * kBytes, CachePolicy::kScanResistant);
  RegionPool pool(budget, 2 * kBytes);
  pool.Put(pool.Take(20 * kBytes));
  EXPECT_EQ(budget->reserved_bytes(), 2 * kBytes);
  pool.Put(pool.Take(2 * kBytes));
  io::MemoryRegion usual = pool.Take(kBytes);
  EXPECT_EQ(budget->reserved_bytes(), 3 * kBytes) << "the spare of another size stays";
  pool.Put(std::move(usual));
}

TEST(RegionPool, ReservesWhatItHoldsAndNeverLessThanItsFloor) {
  const auto budget = std::make_shared<cache::MemoryBudget>(32 * kBytes, CachePolicy::kScanResistant);
  {
    RegionPool pool(budget, 2 * kBytes);
    EXPECT_EQ(budget->reserved_bytes(), 2 * kBytes);
    std::vector<io::MemoryRegion> regions;
    for (size_t i = 0; i < 4; ++i) regions.push_back(pool.Take(kBytes));
    EXPECT_EQ(budget->reserved_bytes(), 4 * kBytes);
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
  {
    const RegionPool pool(budget, kBytes);
  }
  EXPECT_EQ(budget->reserved_bytes(), 0u);
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
