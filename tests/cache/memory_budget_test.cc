#include "cache/memory_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

#include "base/random.h"

namespace amethyst::cache {
namespace {

constexpr size_t kTotal = size_t{64} << 20;

TEST(MemoryBudget, TakesReservationsFromTheCacheDownToAFloor) {
  MemoryBudget budget(kTotal, CachePolicy::kScanResistant);
  EXPECT_EQ(budget.total_bytes(), kTotal);
  EXPECT_EQ(budget.cache().stats().capacity_bytes, kTotal);
  Reservation reservation(budget, 1000000);
  EXPECT_EQ(budget.reserved_bytes(), 1000000u);
  EXPECT_EQ(budget.cache().stats().capacity_bytes, kTotal - 1000000);
  reservation.Resize(2000000);
  EXPECT_EQ(budget.cache().stats().capacity_bytes, kTotal - 2000000);
  {
    const Reservation all(budget, 2 * kTotal);
    EXPECT_EQ(budget.cache().stats().capacity_bytes, kTotal / MemoryBudget::kCacheFloorOneIn);
    EXPECT_EQ(budget.reserved_bytes(), 2 * kTotal + 2000000);
  }
  reservation.Resize(500);
  EXPECT_EQ(budget.cache().stats().capacity_bytes, kTotal - 500);
  reservation = Reservation();
  EXPECT_EQ(budget.reserved_bytes(), 0u);
  EXPECT_EQ(budget.cache().stats().capacity_bytes, kTotal);
}

TEST(MemoryBudget, AReservationMovesWithItsBytes) {
  MemoryBudget budget(kTotal, CachePolicy::kLru);
  Reservation first(budget, 100);
  Reservation second = std::move(first);
  EXPECT_EQ(first.bytes(), 0u);
  EXPECT_EQ(second.bytes(), 100u);
  EXPECT_EQ(budget.reserved_bytes(), 100u);
  Reservation third(budget, 50);
  third = std::move(second);
  EXPECT_EQ(third.bytes(), 100u);
  EXPECT_EQ(budget.reserved_bytes(), 150u);
  second = Reservation();
  EXPECT_EQ(budget.reserved_bytes(), 100u);
}

TEST(MemoryBudget, TheCacheGivesMemoryBackWhenItIsReserved) {
  MemoryBudget budget(kTotal, CachePolicy::kScanResistant);
  std::vector<Slot> slots(20000);
  for (size_t i = 0; i < slots.size(); ++i) {
    ASSERT_TRUE(budget.cache().GetOrLoad(slots[i], nullptr, [&]() -> Result<FrameRef> {
      return budget.cache().NewFrame(FrameKind::kData, FrameIdentity{i * 0x9e3779b97f4a7c15u}, 4096);
    }));
  }
  EXPECT_GT(budget.cache().stats().charged_bytes, kTotal / 10 * 9);
  const Reservation most(budget, kTotal / 4 * 3);
  const CacheStats stats = budget.cache().stats();
  EXPECT_LE(stats.charged_bytes, kTotal / 4);
  EXPECT_GT(stats.resident_bytes, kTotal / 5);
  for (Slot& slot : slots) budget.cache().Evict(slot);
}

TEST(MemoryBudget, AgreesWithTheSumAfterManyThreads) {
  MemoryBudget budget(kTotal, CachePolicy::kScanResistant);
  std::vector<Reservation> kept(4);
  std::vector<std::thread> threads;
  for (size_t id = 0; id < kept.size(); ++id) {
    threads.emplace_back([&, id] {
      base::Random random(id);
      Reservation reservation(budget, 1);
      for (int i = 0; i < 5000; ++i) reservation.Resize(random.Below(1000000));
      reservation.Resize(1000 * (id + 1));
      kept[id] = std::move(reservation);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.reserved_bytes(), 10000u);
  EXPECT_EQ(budget.cache().stats().capacity_bytes, kTotal - 10000);
}

TEST(MemoryBudget, AnotherTotalMovesTheCachesShare) {
  MemoryBudget budget(size_t{16} << 20, CachePolicy::kScanResistant);
  const Reservation held(budget, size_t{2} << 20);
  budget.SetTotal(size_t{64} << 20);
  EXPECT_EQ(budget.cache().stats().capacity_bytes, size_t{62} << 20);
  budget.SetTotal(size_t{2} << 20);  // Less than is reserved: the floor stays.
  EXPECT_EQ(budget.cache().stats().capacity_bytes, size_t{256} << 10);
  EXPECT_EQ(budget.total_bytes(), size_t{2} << 20);
  EXPECT_EQ(budget.reserved_bytes(), size_t{2} << 20);
}

}  // namespace
}  // namespace amethyst::cache
