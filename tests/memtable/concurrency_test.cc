// One writer and several readers at once; run it under ThreadSanitizer.
#include <gtest/gtest.h>

#include <fmt/core.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "memtable/memtable.h"

namespace amethyst::memtable {
namespace {

// What the writer does at sequence s is a function of s, so that a reader can tell all that it must see at `visible`.
// Slot n of kSlots is written by the sequences s with Mix(s) == n; two thirds are puts.
class Workload {
 public:
  explicit Workload(uint64_t entries) : by_slot_(kSlots) {
    for (uint64_t s = 1; s <= entries; ++s) by_slot_[SlotOf(s)].push_back(s);
  }
  static constexpr uint64_t kSlots = 3000;
  [[nodiscard]] static uint64_t SlotOf(uint64_t s) {
    return base::Random(s).Below(base::Random(s + 1).OneIn(4) ? 20 : kSlots);  // Some slots are hot.
  }
  [[nodiscard]] static key::EntryKind KindOf(uint64_t s) {
    return s / 4000 % 3 == 2 ? key::EntryKind::kDelete : key::EntryKind::kPut;
  }
  [[nodiscard]] static std::string KeyOf(uint64_t slot) { return fmt::format("key{:07}", slot * 7); }
  [[nodiscard]] static key::Tag TagOf(uint64_t s) { return key::Tag(key::SequenceNumber{s}, KindOf(s)); }
  // The newest sequence at or below `visible` that wrote the slot, or 0.
  [[nodiscard]] uint64_t NewestAt(uint64_t slot, uint64_t visible) const {
    const auto& written = by_slot_[slot];
    const auto after = std::upper_bound(written.begin(), written.end(), visible);
    return after == written.begin() ? 0 : *std::prev(after);
  }
  // All entries at or below `visible`, in the order of a cursor.
  [[nodiscard]] std::vector<std::pair<uint64_t, uint64_t>> AllAt(uint64_t visible) const {
    std::vector<std::pair<uint64_t, uint64_t>> all;
    for (uint64_t slot = 0; slot < kSlots; ++slot) {
      for (auto s = by_slot_[slot].rbegin(); s != by_slot_[slot].rend(); ++s) {
        if (*s <= visible) all.emplace_back(slot, *s);
      }
    }
    return all;
  }

 private:
  std::vector<std::vector<uint64_t>> by_slot_;
};

constexpr uint64_t kEntries = 40'000;

struct Shared {
  Workload workload{kEntries};
  std::shared_ptr<Memtable> memtable = std::make_shared<Memtable>(size_t{16} << 20, key::Order());
  std::atomic<uint64_t> visible{0};  // Released by the writer, acquired by readers.
};

void Write(Shared& shared) {
  for (uint64_t s = 1; s <= kEntries; ++s) {
    const std::string key = Workload::KeyOf(Workload::SlotOf(s));
    const std::string value = fmt::format("v{}", s);
    shared.memtable->Insert(key::Entry(key, Workload::TagOf(s), value));
    shared.visible.store(s, std::memory_order_release);
  }
}

void GetAll(Shared& shared, uint64_t seed) {
  base::Random random(seed);
  for (uint64_t visible = 0; visible < kEntries;) {
    visible = shared.visible.load(std::memory_order_acquire);
    for (int i = 0; i < 50; ++i) {
      const uint64_t slot = random.Below(Workload::kSlots);
      const uint64_t expected = shared.workload.NewestAt(slot, visible);
      const auto found = shared.memtable->Get(key::LookupKey(Workload::KeyOf(slot), key::SequenceNumber{visible}));
      ASSERT_EQ(found.has_value(), expected != 0);
      if (found) {
        ASSERT_EQ(found->tag, Workload::TagOf(expected));
        ASSERT_EQ(found->value, fmt::format("v{}", expected));
      }
    }
  }
}

void ScanAll(Shared& shared, bool forward) {
  const auto cursor = Memtable::NewCursor(shared.memtable);
  for (uint64_t visible = 0; visible < kEntries;) {
    visible = shared.visible.load(std::memory_order_acquire);
    auto expected = shared.workload.AllAt(visible);
    if (!forward) std::reverse(expected.begin(), expected.end());
    size_t seen = 0;
    std::string last;
    for (forward ? cursor->SeekToFirst() : cursor->SeekToLast(); cursor->Valid();
         forward ? cursor->Next() : cursor->Prev()) {
      const key::Entry& entry = cursor->entry();
      if (!last.empty()) {
        ASSERT_TRUE(forward ? last <= entry.key() : last >= entry.key());
      }
      last = entry.key();
      if (entry.tag.sequence() > key::SequenceNumber{visible}) continue;
      ASSERT_LT(seen, expected.size());
      ASSERT_EQ(entry.key(), Workload::KeyOf(expected[seen].first));
      ASSERT_EQ(entry.tag, Workload::TagOf(expected[seen].second));
      ++seen;
    }
    ASSERT_EQ(seen, expected.size());
  }
}

void SkipAll(Shared& shared, uint64_t seed) {
  base::Random random(seed);
  const auto cursor = Memtable::NewCursor(shared.memtable);
  for (uint64_t visible = 0; visible < kEntries;) {
    visible = shared.visible.load(std::memory_order_acquire);
    for (int i = 0; i < 20; ++i) {
      const uint64_t slot = random.Below(Workload::kSlots);
      cursor->Seek(Workload::KeyOf(slot));
      if (!cursor->Valid() || cursor->SkipDead(key::SequenceNumber{visible}, {}) == 0) continue;
      for (uint64_t passed = slot; passed < Workload::kSlots; ++passed) {
        if (cursor->Valid() && cursor->entry().key() <= Workload::KeyOf(passed)) break;
        const uint64_t newest = shared.workload.NewestAt(passed, visible);
        ASSERT_TRUE(newest == 0 || Workload::KindOf(newest) == key::EntryKind::kDelete);
      }
    }
  }
}

// I2
TEST(MemtableConcurrency, ReadersSeeAllThatIsVisibleInOrderWhileOneWrites) {
  Shared shared;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { GetAll(shared, 1); });
  threads.emplace_back([&] { ScanAll(shared, true); });
  threads.emplace_back([&] { ScanAll(shared, false); });
  threads.emplace_back([&] { SkipAll(shared, 2); });
  Write(shared);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared.memtable->entry_count(), kEntries);
}

}  // namespace
}  // namespace amethyst::memtable
