// Lookups and cursors of many threads over a cache smaller than the table: what a thread sanitizer should look at.
#include <atomic>
#include <thread>

#include "base/epoch.h"
#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

constexpr int kKeys = 4000;

std::string KeyOf(uint64_t i) { return fmt::format("{:08}", i); }
std::string ValueOf(uint64_t i) { return std::string(20 + i % 90, static_cast<char>('a' + i % 26)); }

class TableConcurrency : public ::testing::TestWithParam<CachePolicy> {};

TEST_P(TableConcurrency, LookupsAndCursorsAgreeWhileBlocksComeAndGo) {
  std::vector<OwnedEntry> entries;
  for (uint64_t i = 0; i < kKeys; ++i) entries.push_back({KeyOf(i), Put(1), ValueOf(i)});
  TableBed bed(256 << 10, GetParam());  // Two slabs: one for data.
  auto reader = bed.Open(bed.Write(entries, {.block_bytes = 1024})).value();
  std::atomic<uint64_t> resident{0};
  std::atomic<uint64_t> read{0};
  std::atomic<uint64_t> wrong{0};
  const auto lookups = [&](uint64_t seed) {
    base::Random random(seed);
    for (int i = 0; i < 4000; ++i) {
      const uint64_t number = random.OneIn(2) ? random.Below(kKeys) : random.Below(100);
      const std::string key = KeyOf(number);
      const key::LookupKey lookup(key, key::kSequenceMax);
      {
        const base::EpochGuard guard;
        reader->PrefetchFilter(lookup.hash);
        const Lookup found = reader->FindResident(lookup);
        if (found.state != LookupState::kNotResident) {
          wrong += found.state != LookupState::kFound || found.value != ValueOf(number) ? 1u : 0u;
          ++resident;
          continue;
        }
      }
      const auto found = reader->Find(lookup, !random.OneIn(10));
      wrong += !found.has_value() || found->lookup.value != ValueOf(number) ? 1u : 0u;
      ++read;
    }
  };
  const auto scans = [&](uint64_t seed) {
    base::Random random(seed);
    for (int i = 0; i < 40; ++i) {
      const auto cursor = reader->NewCursor({.fill_cache = !random.OneIn(3), .sequential = random.OneIn(3)});
      uint64_t at = random.Below(kKeys);
      const uint64_t end = std::min<uint64_t>(kKeys, at + 300);
      for (cursor->Seek(KeyOf(at)); at < end; cursor->Next(), ++at) {
        wrong += !cursor->Valid() || cursor->entry().value() != ValueOf(at) ? 1u : 0u;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (uint64_t i = 0; i < 3; ++i) threads.emplace_back(lookups, i);
    for (uint64_t i = 0; i < 2; ++i) threads.emplace_back(scans, 100 + i);
  }
  EXPECT_EQ(wrong.load(), 0u);
  EXPECT_GT(resident.load(), 0u);
  EXPECT_GT(read.load(), 0u);
  EXPECT_GT(bed.cache().stats().evictions, 100u);
}

INSTANTIATE_TEST_SUITE_P(Policies, TableConcurrency, ::testing::Values(CachePolicy::kScanResistant, CachePolicy::kLru));

}  // namespace
}  // namespace amethyst::sstable
