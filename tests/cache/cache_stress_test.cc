// Many threads on few slots of a small cache: loads, hits, pins, evictions, parents and children at once. Run under the
// thread and address sanitizers too.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "base/epoch.h"
#include "base/error.h"
#include "base/random.h"
#include "cache/block_cache.h"

namespace amethyst::cache {
namespace {

constexpr size_t kPages = 24;
constexpr size_t kChildren = 24;

// Like a table: slots of index pages, whose frames hold slots of data blocks. Every payload can be told from all
// others.
struct SharedTable {
  BlockCache& cache;
  std::unique_ptr<Slot[]> pages = std::make_unique<Slot[]>(kPages);
  std::atomic<uint64_t> failures{0};

  static uint64_t Name(size_t page, size_t child) { return (page + 1) * 0x1000193 + child * 0x9e3779b1; }
  static size_t DataBytes(uint64_t name) { return 64 + name % 9000; }

  Result<FrameRef> LoadPage(size_t page) {
    return cache.GetOrLoad(pages[page], nullptr, [&]() -> Result<FrameRef> {
      constexpr size_t kBytes = 64 + kChildren * sizeof(Slot);
      FrameRef frame = cache.NewFrame(FrameKind::kIndex, FrameIdentity{Name(page, kChildren) << 20}, kBytes);
      std::memset(frame->payload(), 0, kBytes);
      const uint64_t name = Name(page, kChildren);
      std::memcpy(frame->payload(), &name, sizeof name);
      return frame;
    });
  }

  static Slot& ChildSlot(Frame& page, size_t child) { return reinterpret_cast<Slot*>(page.payload() + 64)[child]; }

  Result<FrameRef> LoadChild(FrameRef& parent, size_t page, size_t child, base::Random& random) {
    return cache.GetOrLoad(ChildSlot(*parent.get(), child), parent.get(), [&]() -> Result<FrameRef> {
      if (random.OneIn(20)) {
        ++failures;
        return base::Corruption("made up");
      }
      const uint64_t name = Name(page, child);
      FrameRef frame = cache.NewFrame(FrameKind::kData, FrameIdentity{name * 0x9e3779b97f4a7c15u}, DataBytes(name));
      std::memset(frame->payload(), static_cast<int>(name & 0xff), DataBytes(name));
      std::memcpy(frame->payload(), &name, sizeof name);
      return frame;
    });
  }

  static void Check(const Frame& frame, size_t page, size_t child) {
    const uint64_t name = Name(page, child);
    ASSERT_EQ(frame.payload_bytes(), DataBytes(name));
    ASSERT_EQ(std::memcmp(frame.payload(), &name, sizeof name), 0);
    ASSERT_EQ(static_cast<uint8_t>(frame.payload()[frame.payload_bytes() - 1]), name & 0xff);
  }
};

void Work(SharedTable& table, uint64_t seed, int rounds) {
  base::Random random(seed);
  std::vector<FrameRef> held(8);
  for (int round = 0; round < rounds; ++round) {
    const size_t page = random.Below(kPages);
    const size_t child = random.Below(kChildren);
    FrameRef parent;
    bool hit = false;
    {
      base::EpochGuard guard;
      if (Frame* frame = table.pages[page].Peek()) {
        frame->Touch();
        if (Frame* data = SharedTable::ChildSlot(*frame, child).Peek()) {
          data->Touch();
          SharedTable::Check(*data, page, child);
          hit = true;
        }
        frame->Pin();
        parent = FrameRef(frame);
      }
    }
    if (hit) {
      table.cache.RecordHit(parent.get());
      if (random.OneIn(50)) table.cache.Evict(SharedTable::ChildSlot(*parent.get(), child));
      continue;
    }
    if (!parent) {
      Result<FrameRef> loaded = table.LoadPage(page);
      ASSERT_TRUE(loaded);
      parent = *std::move(loaded);
    }
    Result<FrameRef> data = table.LoadChild(parent, page, child, random);
    if (!data) {
      ASSERT_EQ(data.error().code(), ErrorCode::kCorruption);
      continue;
    }
    SharedTable::Check(*data->get(), page, child);
    if (random.OneIn(4)) held[random.Below(held.size())] = data->Share();
  }
}

void Stress(CachePolicy policy, uint32_t shards, size_t capacity_bytes) {
  auto cache = std::make_unique<BlockCache>(
      BlockCache::Settings{.capacity_bytes = capacity_bytes, .policy = policy, .shards = shards});
  FrameRef outlives_the_cache;
  {
    SharedTable table{.cache = *cache};
    std::vector<std::thread> threads;
    for (uint64_t seed = 1; seed <= 6; ++seed) threads.emplace_back([&table, seed] { Work(table, seed, 10000); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(table.failures, 0u);
    EXPECT_GT(cache->stats().evictions, 0u);

    Result<FrameRef> last = table.LoadPage(0);
    ASSERT_TRUE(last);
    outlives_the_cache = *std::move(last);
    for (size_t page = 0; page < kPages; ++page) {
      FrameRef pinned = *table.LoadPage(page);
      for (size_t child = 0; child < kChildren; ++child) cache->Evict(SharedTable::ChildSlot(*pinned.get(), child));
    }
    for (size_t page = 0; page < kPages; ++page) cache->Evict(table.pages[page]);
    for (size_t page = 0; page < kPages; ++page) EXPECT_EQ(table.pages[page].Peek(), nullptr);
  }
  base::DrainEpochs();
  cache.reset();
  base::DrainEpochs();
  uint64_t name = 0;
  std::memcpy(&name, outlives_the_cache->payload(), sizeof name);
  EXPECT_EQ(name, SharedTable::Name(0, kChildren));
}

// I18
TEST(CacheStress, KeepsEveryFrameWholeUnderScanResistantEviction) {
  Stress(CachePolicy::kScanResistant, 4, size_t{1} << 20);
}

TEST(CacheStress, KeepsEveryFrameWholeUnderLruEviction) { Stress(CachePolicy::kLru, 2, size_t{1} << 20); }

TEST(CacheStress, KeepsEveryFrameWholeWhenHardlyAnyFits) { Stress(CachePolicy::kScanResistant, 1, size_t{300} << 10); }

}  // namespace
}  // namespace amethyst::cache
