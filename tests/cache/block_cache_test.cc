#include "cache/block_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <list>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "base/epoch.h"
#include "base/error.h"
#include "base/random.h"

namespace amethyst::cache {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

// A table without a parent page: slots, and a loader that fills frames with their number.
class Table {
 public:
  Table(BlockCache& cache, size_t slots, size_t frame_bytes)
      : cache_(cache), slots_(slots), frame_bytes_(frame_bytes) {}
  ~Table() {
    for (Slot& slot : slots_) cache_.Evict(slot);
  }

  FrameRef Load(size_t number) {
    Result<FrameRef> frame = cache_.GetOrLoad(slots_[number], nullptr, [&] { return Read(number); });
    EXPECT_TRUE(frame);
    EXPECT_EQ(std::memcmp((*frame)->payload(), &number, sizeof number), 0);
    return *std::move(frame);
  }
  Result<FrameRef> Read(size_t number) {
    ++reads_;
    FrameRef frame = cache_.NewFrame(FrameKind::kData, FrameIdentity{number * 0x9e3779b97f4a7c15u}, frame_bytes_);
    std::memcpy(frame->payload(), &number, sizeof number);
    return frame;
  }
  [[nodiscard]] bool IsResident(size_t number) {
    const base::EpochGuard guard;
    return slots_[number].Peek() != nullptr;
  }
  Slot& slot(size_t number) { return slots_[number]; }
  [[nodiscard]] size_t reads() const { return reads_; }

 private:
  BlockCache& cache_;
  std::vector<Slot> slots_;
  const size_t frame_bytes_;
  std::atomic<size_t> reads_{0};
};

BlockCache::Settings OneShard(size_t capacity_bytes, CachePolicy policy = CachePolicy::kScanResistant) {
  return {.capacity_bytes = capacity_bytes, .policy = policy, .shards = 1};
}

TEST(BlockCache, ReadsAMissOnceAndServesHitsFromTheSlot) {
  BlockCache cache(OneShard(kMiB));
  Table table(cache, 10, 4000);
  const FrameRef first = table.Load(3);
  const FrameRef second = table.Load(3);
  EXPECT_EQ(first.get(), second.get());
  EXPECT_EQ(table.reads(), 1u);
  EXPECT_TRUE(table.IsResident(3));
  EXPECT_FALSE(table.IsResident(4));
  cache.RecordHits(5);
  cache.RecordHit(first.get());
  const CacheStats stats = cache.stats();
  EXPECT_EQ(stats.misses, 1u);
  EXPECT_EQ(stats.hits, 7u);
  EXPECT_EQ(stats.evictions, 0u);
  EXPECT_EQ(stats.resident_bytes, first->size_bytes());
}

TEST(BlockCache, ManyMissesOnOneSlotReadOnceAndShareTheFrame) {
  BlockCache cache(OneShard(kMiB));
  Table table(cache, 1, 4000);
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> ready{0};
    std::vector<FrameRef> frames(4);
    std::vector<std::thread> threads;
    const size_t reads_before = table.reads();
    for (FrameRef& frame : frames) {
      threads.emplace_back([&] {
        ++ready;
        while (ready < 4) std::this_thread::yield();
        frame = table.Load(0);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(table.reads(), reads_before + 1);
    for (const FrameRef& frame : frames) ASSERT_EQ(frame.get(), frames[0].get());
    cache.Evict(table.slot(0));
  }
}

TEST(BlockCache, AFailedLoadWakesTheWaitersWhoTryForThemselves) {
  BlockCache cache(OneShard(kMiB));
  Table table(cache, 1, 100);
  std::atomic<int> tries{0}, failures{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const Result<FrameRef> frame = cache.GetOrLoad(table.slot(0), nullptr, [&]() -> Result<FrameRef> {
        if (++tries <= 3) return base::Corruption("made up");
        return table.Read(0);
      });
      if (!frame) {
        EXPECT_EQ(frame.error().code(), ErrorCode::kCorruption);
        ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 3);
  EXPECT_EQ(tries, 4);
  EXPECT_TRUE(table.IsResident(0));
}

TEST(BlockCache, LargeFramesAreBeyondTheCapacityOnlyWhilePinned) {
  BlockCache cache(OneShard(4 * kMiB));
  Table table(cache, 64, kMiB / 2);
  std::vector<FrameRef> pinned;
  for (size_t i = 0; i < 12; ++i) pinned.push_back(table.Load(i));
  for (size_t i = 12; i < 64; ++i) table.Load(i);
  EXPECT_LE(cache.stats().charged_bytes, 13 * (kMiB / 2 + 8192)) << "those pinned and the last one";
  pinned.clear();
  for (size_t i = 40; i < 64; ++i) table.Load(i);  // A miss takes back what is over.
  EXPECT_LE(cache.stats().charged_bytes, 4 * kMiB);
}

TEST(BlockCache, InsertPublishesOnlyIntoAnEmptySlot) {
  BlockCache cache(OneShard(kMiB));
  Table table(cache, 2, 100);
  cache.Insert(table.slot(1), nullptr, *table.Read(1));
  EXPECT_EQ(table.reads(), 1u);
  const FrameRef first = table.Load(1);
  cache.Insert(table.slot(1), nullptr, *table.Read(1));
  EXPECT_EQ(table.Load(1).get(), first.get());
  EXPECT_EQ(cache.stats().resident_bytes, first->size_bytes());
}

TEST(BlockCache, APinnedFrameOutlivesItsEviction) {
  BlockCache cache(OneShard(kMiB));
  Table table(cache, 1, 5000);
  FrameRef pinned = table.Load(0);
  std::memset(pinned->payload() + 64, 'p', 4000);
  cache.Evict(table.slot(0));
  cache.Evict(table.slot(0));
  EXPECT_FALSE(table.IsResident(0));
  base::DrainEpochs();
  EXPECT_EQ(cache.stats().resident_bytes, 0u);
  EXPECT_EQ(cache.stats().evictions, 1u);
  EXPECT_EQ(pinned->payload()[4063], 'p');
  const FrameRef again = table.Load(0);
  EXPECT_NE(again.get(), pinned.get());
  pinned = FrameRef();
}

TEST(BlockCache, AnEvictedFrameStaysReadableUntilTheEpochEnds) {
  BlockCache cache(OneShard(kMiB));
  Table table(cache, 1, 5000);
  static_cast<void>(table.Load(0));
  std::thread evictor;
  {
    const base::EpochGuard guard;
    const Frame* const frame = table.slot(0).Peek();
    ASSERT_NE(frame, nullptr);
    evictor = std::thread([&] {
      cache.Evict(table.slot(0));
      base::SweepEpochs();
    });
    while (table.slot(0).Peek() != nullptr) std::this_thread::yield();
    size_t number = 1;
    std::memcpy(&number, frame->payload(), sizeof number);
    EXPECT_EQ(number, 0u);
    EXPECT_GT(cache.stats().charged_bytes, 0u);
  }
  evictor.join();
}

TEST(BlockCache, AParentStaysWhileAChildIsResident) {
  for (const CachePolicy policy : {CachePolicy::kScanResistant, CachePolicy::kLru}) {
    BlockCache cache(OneShard(kMiB, policy));
    Table table(cache, 1000, 4000);
    Slot root;
    FrameRef parent = *cache.GetOrLoad(
        root, nullptr, [&]() -> Result<FrameRef> { return cache.NewFrame(FrameKind::kIndex, FrameIdentity{99}, 64); });
    auto& child_slot = *reinterpret_cast<Slot*>(parent->payload());
    FrameRef child = *cache.GetOrLoad(child_slot, parent.get(), [&] { return table.Read(0); });
    parent = FrameRef();
    for (size_t i = 0; i < 1000; ++i) static_cast<void>(table.Load(i));
    EXPECT_NE(root.Peek(), nullptr);  // Its child is pinned, so it is resident, so the parent is.
    EXPECT_EQ(child_slot.Peek(), child.get());
    cache.SetCapacity(0);
    EXPECT_NE(root.Peek(), nullptr);
    child = FrameRef();
    cache.SetCapacity(0);
    EXPECT_EQ(root.Peek(), nullptr);
  }
}

TEST(BlockCache, AnOrphanedPageKeepsTheSlotsOfItsChildren) {
  auto cache = std::make_unique<BlockCache>(OneShard(kMiB));
  Slot root;
  FrameRef page = *cache->GetOrLoad(
      root, nullptr, [&]() -> Result<FrameRef> { return cache->NewFrame(FrameKind::kIndex, FrameIdentity{99}, 64); });
  cache->Evict(root);
  auto& child_slot = *reinterpret_cast<Slot*>(page->payload());
  FrameRef child = *cache->GetOrLoad(child_slot, page.get(), [&]() -> Result<FrameRef> {
    return cache->NewFrame(FrameKind::kData, FrameIdentity{100}, 1000);
  });
  page = FrameRef();
  base::DrainEpochs();
  EXPECT_EQ(child_slot.Peek(), child.get());
  cache.reset();  // Clears the slot, in a page that the child has kept.
  EXPECT_EQ(child->payload_bytes(), 1000u);
}

TEST(BlockCache, HoldsNoMoreThanItsCapacityAndUsesMostOfIt) {
  struct Case {
    size_t capacity_bytes;
    size_t frame_bytes_max;
  };
  for (const Case& c : {Case{2 * kMiB, 6000}, Case{16 * kMiB, 20000}, Case{64 * kMiB, 6000}, Case{16 * kMiB, 300000}}) {
    BlockCache cache({.capacity_bytes = c.capacity_bytes});
    std::vector<Slot> slots(4 * c.capacity_bytes / c.frame_bytes_max);
    base::Random random(1);
    for (size_t i = 0; i < 3 * slots.size(); ++i) {
      const size_t number = random.Below(slots.size());
      ASSERT_TRUE(cache.GetOrLoad(slots[number], nullptr, [&]() -> Result<FrameRef> {
        return cache.NewFrame(random.OneIn(30) ? FrameKind::kFilter : FrameKind::kData, FrameIdentity{random()},
                              c.frame_bytes_max / 2 + random.Below(c.frame_bytes_max / 2));
      }));
      ASSERT_LE(cache.stats().charged_bytes, c.capacity_bytes);
    }
    EXPECT_GT(cache.stats().resident_bytes, c.capacity_bytes / 100 * 70) << c.capacity_bytes;
    for (Slot& slot : slots) cache.Evict(slot);
  }
}

TEST(BlockCache, GoesOverItsCapacityOnlyForPins) {
  BlockCache cache(OneShard(kMiB));
  Table table(cache, 1000, 4000);
  std::vector<FrameRef> pins;
  for (size_t i = 0; i < 600; ++i) pins.push_back(table.Load(i));
  EXPECT_GT(cache.stats().charged_bytes, 2 * kMiB);
  for (size_t i = 0; i < 200; ++i) EXPECT_TRUE(table.IsResident(i));
  for (size_t i = 300; i < 600; ++i) EXPECT_FALSE(table.IsResident(i)) << "its reader's alone";
  EXPECT_LE(cache.stats().resident_bytes, kMiB);
  pins.clear();
  EXPECT_LE(cache.stats().charged_bytes, kMiB);
}

TEST(BlockCache, AMissThatFindsEverythingPinnedGivesUpSoonAndIsServedAllTheSame) {
  for (const CachePolicy policy : {CachePolicy::kScanResistant, CachePolicy::kLru}) {
    for (const uint32_t shards : {1u, 4u}) {
      BlockCache cache({.capacity_bytes = 8 * kMiB, .policy = policy, .shards = shards});
      constexpr size_t kPinned = 2500;
      constexpr size_t kMisses = 2000;
      Table table(cache, kPinned + kMisses, 4000);
      std::vector<FrameRef> pins;
      for (size_t i = 0; i < kPinned; ++i) pins.push_back(table.Load(i));
      const CacheStats full = cache.stats();
      for (size_t i = kPinned; i < kPinned + kMisses; ++i) static_cast<void>(table.Load(i));
      const CacheStats after = cache.stats();
      EXPECT_LT(after.passed_in_use - full.passed_in_use, kMisses * 3 * (shards + 1)) << "not all for each miss";
      EXPECT_LE(after.charged_bytes, full.charged_bytes + 8192) << "nothing stays of what was read in passing";
      // Once nothing is pinned any more the cache takes frames in again.
      pins.clear();
      for (size_t i = kPinned; i < kPinned + 1000; ++i) {
        static_cast<void>(table.Load(i));
        table.Load(i)->Touch();
      }
      EXPECT_LE(cache.stats().charged_bytes, 8 * kMiB);
      size_t resident = 0;
      for (size_t i = kPinned; i < kPinned + 1000; ++i) resident += table.IsResident(i) ? 1 : 0;
      EXPECT_GT(resident, policy == CachePolicy::kLru ? 900u : 50u);
      EXPECT_GT(cache.stats().evictions, full.evictions);
    }
  }
}

TEST(BlockCache, UniformReadsOfMoreThanItHoldsLeaveItAsItIs) {
  constexpr size_t kBlocks = 20000;
  constexpr size_t kBlockBytes = 4000;
  BlockCache cache(OneShard(8 * kMiB));  // A tenth.
  Table table(cache, kBlocks, kBlockBytes);
  base::Random random(1);
  const auto read = [&](int times) {
    const CacheStats before = cache.stats();
    for (int i = 0; i < times; ++i) static_cast<void>(table.Load(random.Below(kBlocks)));
    const CacheStats after = cache.stats();
    EXPECT_LT(after.hits - before.hits, static_cast<uint64_t>(times) / 8);
    return static_cast<double>(after.evictions - before.evictions) / static_cast<double>(after.misses - before.misses);
  };
  static_cast<void>(read(50000));
  EXPECT_LT(read(100000), 0.3);
  // What is read again and again is in all the same.
  for (int i = 0; i < 100000; ++i) static_cast<void>(table.Load(random.Below(kBlocks / 100)));
  for (size_t i = 0; i < kBlocks / 100; ++i) EXPECT_TRUE(table.IsResident(i)) << i;
}

TEST(BlockCache, WhatIsLargeAndHotStaysWhileOthersPass) {
  constexpr size_t kBlocks = 40000;
  constexpr size_t kLargeBytes = 100000;
  BlockCache cache({.capacity_bytes = 32 * kMiB, .shards = 8});
  Table blocks(cache, kBlocks, 4000);
  Table large(cache, 20, kLargeBytes);
  base::Random random(1);
  for (int i = 0; i < 300000; ++i) {
    static_cast<void>(large.Load(random.Below(20)));
    static_cast<void>(blocks.Load(random.Below(kBlocks)));
  }
  EXPECT_LE(large.reads(), 25u);
}

TEST(BlockCache, ShrinksAtOnceAndGrowsAgain) {
  BlockCache cache(OneShard(16 * kMiB));
  Table table(cache, 4000, 4000);
  for (size_t i = 0; i < 4000; ++i) static_cast<void>(table.Load(i));
  EXPECT_GT(cache.stats().charged_bytes, 15 * kMiB);
  cache.SetCapacity(4 * kMiB);
  EXPECT_LE(cache.stats().charged_bytes, 4 * kMiB);
  EXPECT_GT(cache.stats().resident_bytes, 3 * kMiB);
  for (size_t i = 0; i < 4000; ++i) static_cast<void>(table.Load(i));
  EXPECT_LE(cache.stats().charged_bytes, 4 * kMiB);
  cache.SetCapacity(16 * kMiB);
  for (size_t i = 0; i < 4000; ++i) static_cast<void>(table.Load(i));
  EXPECT_GT(cache.stats().charged_bytes, 15 * kMiB);
}

TEST(BlockCache, UnderLruTheFramesThatStayAreTheOnesHitLast) {
  BlockCache cache(OneShard(kMiB, CachePolicy::kLru));
  Table table(cache, 1000, 4000);
  std::list<size_t> newest_first;
  base::Random random(1);
  for (int step = 0; step < 20000; ++step) {
    const size_t number = std::min(random.Below(1000), random.Below(1000));
    if (random.OneIn(2) && table.IsResident(number)) {
      const base::EpochGuard guard;  // As a reader does it.
      cache.RecordHit(table.slot(number).Peek());
    } else {
      static_cast<void>(table.Load(number));
    }
    newest_first.remove(number);
    newest_first.push_front(number);
    if (step % 100 != 0) continue;
    // Whatever the number that fits: none that is gone was used after one that is there.
    bool gone = false;
    for (const size_t each : newest_first) {
      gone = gone || !table.IsResident(each);
      ASSERT_EQ(table.IsResident(each), !gone);
    }
  }
  EXPECT_GT(cache.stats().evictions, 1000u);
}

// Share of hits on a hot set that fits, while a scan of blocks that nobody asks for again goes through.
double HitRateDuringScan(CachePolicy policy) {
  BlockCache cache({.capacity_bytes = 8 * kMiB, .policy = policy});
  Table table(cache, 40000, 4000);
  constexpr size_t kHot = 1000;  // Half of what fits.
  base::Random random(1);
  for (size_t i = 0; i < 10 * kHot; ++i) static_cast<void>(table.Load(random.Below(kHot)));
  size_t hits = 0;
  size_t lookups = 0;
  for (size_t scanned = kHot; scanned < 40000; ++scanned) {
    static_cast<void>(table.Load(scanned));
    if (scanned % 4 != 0) continue;
    const size_t hot = random.Below(kHot);
    hits += table.IsResident(hot) ? 1 : 0;
    ++lookups;
    static_cast<void>(table.Load(hot));
  }
  return static_cast<double>(hits) / static_cast<double>(lookups);
}

TEST(BlockCache, AHotSetSurvivesAScanByDefaultButNotUnderLru) {
  EXPECT_GT(HitRateDuringScan(CachePolicy::kScanResistant), 0.99);
  EXPECT_LT(HitRateDuringScan(CachePolicy::kLru), 0.6);
}

TEST(BlockCache, CountsTheFiguresOfAllThreads) {
  BlockCache cache(OneShard(kMiB));
  const auto hit = [&] {
    for (int i = 0; i < 10000; ++i) cache.RecordHits(1);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(hit);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cache.stats().hits, 80000u);
}

}  // namespace
}  // namespace amethyst::cache
