#include "merge/merge_cursor.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/rounds.h"
#include "support/seek_over.h"
#include "support/vector_cursor.h"

namespace amethyst::merge {
namespace {

using key::Cursor;
using key::EntryKind;
using key::Order;
using key::SequenceNumber;
using support::Own;
using support::OwnedEntry;
using support::VectorCursor;

// Descending bytes, counting.
class CountingReverse final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override {
    ++count;
    return key::CompareBytes(b, a);
  }
  std::string_view Name() const override { return "reverse"; }
  mutable uint64_t count = 0;
};

// Keys that heads find hard: short, empty, shared prefixes of many lengths, zero bytes.
std::string RandomKey(base::Random& random, uint64_t keys) {
  const uint64_t n = random.Below(keys);
  switch (random.Below(5)) {
    case 0: return std::string(n % 12, 'a');
    case 1: return std::string("ab\0\0\0\0\0\0\0\0\0\0", n % 12);
    case 2: return "user:profile:" + std::to_string(n);
    case 3: return "user:profile:long-common-prefix/" + std::to_string(n);
    default: return std::to_string(1000000000 + n);
  }
}

struct Sources {
  std::vector<std::shared_ptr<std::vector<OwnedEntry>>> parts;
  std::vector<OwnedEntry> all;
};

Sources RandomSources(base::Random& random, const Order& order, uint64_t entries, uint64_t keys,
                      uint64_t delete_percent) {
  Sources sources;
  const uint64_t parts = random.Below(7);
  for (uint64_t i = 0; i < parts; ++i) sources.parts.push_back(std::make_shared<std::vector<OwnedEntry>>());
  for (uint64_t i = 1; i <= entries && parts > 0; ++i) {
    const EntryKind kind = random.Below(100) < delete_percent ? EntryKind::kDelete : EntryKind::kPut;
    OwnedEntry entry{RandomKey(random, keys), SequenceNumber{i}, kind, "value " + std::to_string(i)};
    sources.all.push_back(entry);
    // Newer entries mostly in earlier sources, as in a tree, but not always.
    const uint64_t part = random.OneIn(4) ? random.Below(parts) : parts - 1 - (i * parts) / (entries + 1);
    sources.parts[part]->push_back(std::move(entry));
  }
  for (auto& part : sources.parts) support::SortEntries(part.get(), order);
  support::SortEntries(&sources.all, order);
  return sources;
}

std::unique_ptr<Cursor> Merged(base::Random& random, const Sources& sources, const Order& order) {
  std::vector<std::unique_ptr<Cursor>> cursors;
  for (const auto& part : sources.parts) {
    cursors.push_back(std::make_unique<VectorCursor>(
        part, order, VectorCursor::Settings{.window_entries = 1 + random.Below(40), .waits = random.OneIn(3)}));
  }
  return NewMergeCursor(std::move(cursors), order);
}

// Checks the whole window against the oracle, whose entry at `place` the cursor must show.
void ExpectAt(const Cursor& cursor, const std::vector<OwnedEntry>& all, size_t place) {
  ASSERT_TRUE(cursor.Valid());
  ASSERT_EQ(Own(cursor.entry()), all[place]);
  const size_t begin = place + 1 - cursor.Behind().size();
  const size_t end = place + cursor.Ahead().size();
  ASSERT_LE(end, all.size());
  for (size_t i = begin; i < end; ++i) {
    const key::Entry& entry = cursor.Behind().data()[i - begin];
    ASSERT_EQ(Own(entry), all[i]);
    ASSERT_LE(entry.tag.sequence(), cursor.WindowMaxSequence());
    if (!cursor.WindowIsPlain()) continue;
    ASSERT_EQ(all[i].kind, EntryKind::kPut);
    ASSERT_TRUE(i == 0 || all[i - 1].key != all[i].key) << "a plain window holds a key that has newer versions";
    ASSERT_TRUE(i + 1 == all.size() || all[i + 1].key != all[i].key)
        << "a plain window holds a key with older versions";
  }
}

// What a reader at `visible` sees from `place` on.
std::vector<OwnedEntry> Readable(const std::vector<OwnedEntry>& all, size_t place, SequenceNumber visible) {
  std::vector<OwnedEntry> readable;
  const std::string* decided = nullptr;
  for (size_t i = place; i < all.size(); ++i) {
    if (all[i].sequence > visible || (decided != nullptr && *decided == all[i].key)) continue;
    decided = &all[i].key;
    if (all[i].kind == EntryKind::kPut) readable.push_back(all[i]);
  }
  return readable;
}

// A random program of moves over `cursor` and a place in `all` side by side.
class Program {
 public:
  Program(base::Random& random, const Order& order, const std::vector<OwnedEntry>& all, Cursor& cursor)
      : random_(random), order_(order), all_(all), cursor_(cursor) {}

  void Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (!cursor_.Valid() || random_.OneIn(10)) {
        Seek();
      } else {
        Move();
      }
      if (place_ >= 0 && place_ < static_cast<ptrdiff_t>(all_.size())) {
        ASSERT_NO_FATAL_FAILURE(ExpectAt(cursor_, all_, static_cast<size_t>(place_)));
      } else {
        ASSERT_FALSE(cursor_.Valid());
        ASSERT_TRUE(cursor_.status().has_value());
      }
    }
  }

 private:
  void Seek() {
    const auto size = static_cast<ptrdiff_t>(all_.size());
    std::string copy = RandomKey(random_, 300);
    std::string_view target = copy;
    if (cursor_.Valid() && random_.OneIn(2)) target = cursor_.entry().key();  // Bytes that the seek lets go.
    ptrdiff_t first = 0;
    while (first < size && order_.Less(all_[static_cast<size_t>(first)].key, target)) ++first;
    ptrdiff_t last = first;
    while (last < size && order_.Compare(all_[static_cast<size_t>(last)].key, target) == 0) ++last;
    switch (random_.Below(4)) {
      case 0: return cursor_.SeekToFirst(), void(place_ = 0);
      case 1: return cursor_.SeekToLast(), void(place_ = size - 1);
      case 2: return cursor_.Seek(target), void(place_ = first);
      default: return cursor_.SeekForPrev(target), void(place_ = last - 1);
    }
  }

  void Move() {
    if (random_.OneIn(6)) forward_ = !forward_;
    const auto ahead = random_.Below(cursor_.Ahead().size() + 1);
    const auto behind = random_.Below(cursor_.Behind().size() + 1);
    if (random_.OneIn(3)) {
      forward_ ? cursor_.Skip(ahead) : cursor_.SkipBack(behind);
      place_ += forward_ ? static_cast<ptrdiff_t>(ahead) : -static_cast<ptrdiff_t>(behind);
    } else if (cursor_.entry().tag.kind() == EntryKind::kDelete && random_.OneIn(3)) {
      SkipDead();
    } else {
      forward_ ? cursor_.Next() : cursor_.Prev();
      place_ += forward_ ? 1 : -1;
    }
  }

  void SkipDead() {
    const auto place = static_cast<size_t>(place_);
    const uint64_t oldest = key::Raw(all_[place].sequence);  // That sees the tombstone.
    const SequenceNumber visible{random_.OneIn(2) ? all_.size() : oldest + random_.Below(all_.size() + 1 - oldest)};
    std::string limit = RandomKey(random_, 300);
    const bool limited = random_.OneIn(2);
    const uint64_t passed = cursor_.SkipDead(visible, limited ? std::string_view(limit) : std::string_view());
    if (passed == 0) return;
    size_t after = all_.size();
    if (cursor_.Valid()) {
      after = place;
      while (after < all_.size() && all_[after] != Own(cursor_.entry())) ++after;
      ASSERT_LT(after, all_.size());
    }
    ASSERT_EQ(passed, after - place);
    for (size_t i = place; limited && i < after; ++i) ASSERT_TRUE(order_.Less(all_[i].key, limit));
    ASSERT_EQ(Readable(all_, place, visible), Readable(all_, after, visible));
    place_ = static_cast<ptrdiff_t>(after);
  }

  base::Random& random_;
  const Order& order_;
  const std::vector<OwnedEntry>& all_;
  Cursor& cursor_;
  ptrdiff_t place_ = -1;
  bool forward_ = true;
};

// I19
TEST(MergeCursor, AgreesWithASortedVectorUnderRandomPrograms) {
  const CountingReverse reverse;
  for (uint64_t seed = 0; seed < support::Rounds(400); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    const Order order = random.OneIn(4) ? Order(&reverse) : Order();
    const Sources sources = RandomSources(random, order, random.Below(400), 1 + random.Below(300), random.Below(101));
    const std::unique_ptr<Cursor> cursor = Merged(random, sources, order);
    ASSERT_FALSE(cursor->Valid());
    Program program(random, order, sources.all, *cursor);
    ASSERT_NO_FATAL_FAILURE(program.Run(500));
  }
}

TEST(MergeCursor, WithOneSourceIsThatSource) {
  auto source = std::make_unique<VectorCursor>(std::vector<OwnedEntry>{});
  const Cursor* address = source.get();
  std::vector<std::unique_ptr<Cursor>> sources;
  sources.push_back(std::move(source));
  EXPECT_EQ(NewMergeCursor(std::move(sources), Order()).get(), address);
}

TEST(MergeCursor, EndsWithTheErrorOfAnySourceAndNeverSkipsIt) {
  for (uint64_t seed = 0; seed < support::Rounds(300); ++seed) {
    SCOPED_TRACE(seed);
    base::Random random(seed);
    const Sources sources = RandomSources(random, Order(), 200, 100, 20);
    if (sources.parts.size() < 2) continue;
    const size_t bad_part = random.Below(sources.parts.size());
    if (sources.parts[bad_part]->empty()) continue;
    const size_t bad_entry = random.Below(sources.parts[bad_part]->size());
    const OwnedEntry& bad = (*sources.parts[bad_part])[bad_entry];
    std::vector<std::unique_ptr<Cursor>> cursors;
    for (size_t i = 0; i < sources.parts.size(); ++i) {
      VectorCursor::Settings settings{1 + random.Below(20), {}, true};
      if (i == bad_part) settings.unreadable_entry = bad_entry;
      cursors.push_back(std::make_unique<VectorCursor>(sources.parts[i], Order(), settings));
    }
    const std::unique_ptr<Cursor> cursor = NewMergeCursor(std::move(cursors), Order());
    const bool forward = random.OneIn(2);
    size_t shown = 0;
    forward ? cursor->SeekToFirst() : cursor->SeekToLast();
    for (; cursor->Valid(); forward ? cursor->Next() : cursor->Prev(), ++shown) {
      ASSERT_EQ(Own(cursor->entry()), sources.all[forward ? shown : sources.all.size() - 1 - shown]);
      ASSERT_NE(Own(cursor->entry()), bad);
    }
    ASSERT_FALSE(cursor->status().has_value());
    EXPECT_EQ(cursor->status().error().code(), ErrorCode::kIo);
    // A seek beyond the unreadable entry is none of its business.
    if (bad_entry + 1 < sources.parts[bad_part]->size()) {
      const std::string& next = (*sources.parts[bad_part])[bad_entry + 1].key;
      if (next == bad.key) continue;
      cursor->Seek(next);
      ASSERT_TRUE(cursor->Valid());
      EXPECT_EQ(cursor->entry().key(), next);
    }
  }
}

std::vector<std::unique_ptr<Cursor>> Stretches(int sources, int stretch, int rounds, const Order& order) {
  std::vector<std::vector<OwnedEntry>> parts(static_cast<size_t>(sources));
  int n = 0;
  for (int round = 0; round < rounds; ++round) {
    for (auto& part : parts) {
      for (int i = 0; i < stretch; ++i, ++n) {
        part.push_back({std::to_string(1000000000 + n), SequenceNumber{1}, EntryKind::kPut, "v"});
      }
    }
  }
  std::vector<std::unique_ptr<Cursor>> cursors;
  for (auto& part : parts) {
    support::SortEntries(&part, order);
    cursors.push_back(std::make_unique<VectorCursor>(std::move(part), order, VectorCursor::Settings{128, {}, true}));
  }
  return cursors;
}

TEST(MergeCursor, PaysForALongStretchALogarithmOfComparisons) {
  const CountingReverse reverse;
  for (const bool forward : {true, false}) {
    const std::unique_ptr<Cursor> cursor = NewMergeCursor(Stretches(4, 10000, 3, Order(&reverse)), Order(&reverse));
    reverse.count = 0;
    uint64_t entries = 0;
    uint64_t plain = 0;
    forward ? cursor->SeekToFirst() : cursor->SeekToLast();
    for (; cursor->Valid(); forward ? cursor->Next() : cursor->Prev()) {
      ++entries;
      plain += cursor->WindowIsPlain() ? 1 : 0;
    }
    EXPECT_EQ(entries, 120000u);
    EXPECT_EQ(plain, entries);
    // 940 windows of 128 entries and 12 changes of the winner.
    EXPECT_LT(reverse.count, entries / 20);
    RecordProperty("comparisons_per_1000_entries", static_cast<int>(reverse.count * 1000 / entries));
  }
}

TEST(MergeCursor, PaysForInterleavedSourcesSomeComparisonsAnEntry) {
  const CountingReverse reverse;
  base::Random random(7);
  std::vector<std::vector<OwnedEntry>> parts(4);
  for (int i = 0; i < 40000; ++i) {
    parts[random.Below(4)].push_back({std::to_string(1000000000 + i), SequenceNumber{1}, EntryKind::kPut, "v"});
  }
  std::vector<std::unique_ptr<Cursor>> cursors;
  for (auto& part : parts) {
    support::SortEntries(&part, Order(&reverse));
    cursors.push_back(
        std::make_unique<VectorCursor>(std::move(part), Order(&reverse), VectorCursor::Settings{128, {}, true}));
  }
  const std::unique_ptr<Cursor> cursor = NewMergeCursor(std::move(cursors), Order(&reverse));
  reverse.count = 0;
  uint64_t entries = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) ++entries;
  EXPECT_EQ(entries, 40000u);
  EXPECT_LT(reverse.count, 6 * entries);
  RecordProperty("comparisons_per_1000_entries", static_cast<int>(reverse.count * 1000 / entries));
}

TEST(MergeCursor, SkipsADeadStretchUpToWhereAnotherSourceHasAnOlderVersion) {
  std::vector<OwnedEntry> queue;
  for (int i = 0; i < 1000; ++i) {
    queue.push_back(
        {std::to_string(1000 + i), SequenceNumber{static_cast<uint64_t>(2000 + i)}, EntryKind::kDelete, ""});
  }
  std::vector<OwnedEntry> older = {{"1500", SequenceNumber{1}, EntryKind::kPut, "hidden"},
                                   {"3000", SequenceNumber{2}, EntryKind::kPut, "live"}};
  std::vector<std::unique_ptr<Cursor>> cursors;
  cursors.push_back(std::make_unique<VectorCursor>(queue));
  cursors.push_back(std::make_unique<VectorCursor>(older));
  const std::unique_ptr<Cursor> cursor = NewMergeCursor(std::move(cursors), Order());
  cursor->SeekToFirst();
  EXPECT_EQ(cursor->SkipDead(key::kSequenceMax, {}), 500u);
  EXPECT_EQ(cursor->entry().key(), "1500");
  EXPECT_EQ(cursor->entry().tag.kind(), EntryKind::kDelete);
  EXPECT_FALSE(cursor->WindowIsPlain());
  EXPECT_EQ(cursor->SkipDead(key::kSequenceMax, {}), 0u);
  cursor->Next();
  EXPECT_EQ(cursor->entry().value(), "hidden");
  EXPECT_FALSE(cursor->WindowIsPlain());
  cursor->Next();
  EXPECT_EQ(cursor->SkipDead(key::kSequenceMax, {}), 499u);
  EXPECT_EQ(cursor->entry().value(), "live");
}

// Each source passes what is hidden of its own; a turn finds those that went far.
TEST(MergeCursor, SeeksOverWhatIsHiddenAndTurnsAnywhere) {
  uint64_t passed = 0;
  for (uint64_t seed = 0; seed < support::Rounds(100); ++seed) {
    base::Random random(seed);
    const Sources sources = RandomSources(random, Order(), 400, 300, 10);
    const std::unique_ptr<Cursor> cursor = Merged(random, sources, Order());
    if (sources.all.empty()) continue;
    for (int i = 0; i < 40; ++i) {
      const size_t at = random.Below(sources.all.size());
      const size_t end = at + random.Below(sources.all.size() - at);
      const std::string target = sources.all[at + random.Below(end - at + 1)].key;
      const std::string behind = sources.all[end].key + '\1';
      const key::Cover cover{.sequence = SequenceNumber{random.Below(450)},
                             .stretch = {.begin = sources.all[at].key, .end = behind}};
      const bool forward = random.OneIn(2);
      passed += support::PassedBySeekOver(*cursor, sources.all, Order(), cover, target, forward);
      ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
      if (!cursor->Valid()) continue;
      // Back from there: nothing that is not hidden may be missing.
      VectorCursor oracle(sources.all);
      oracle.Seek(cursor->entry().key());
      while (Own(oracle.entry()) != Own(cursor->entry())) oracle.Next();
      const auto step = [&](Cursor& one) {
        do {
          forward ? one.Prev() : one.Next();
        } while (one.Valid() && cover.Hides(one.entry().tag.sequence()));
      };
      for (int steps = 0; steps < 5 && cursor->Valid(); ++steps) {
        step(*cursor);
        step(oracle);
        ASSERT_EQ(cursor->Valid(), oracle.Valid()) << "seed " << seed;
        if (oracle.Valid()) ASSERT_EQ(Own(cursor->entry()), Own(oracle.entry())) << "seed " << seed;
      }
    }
  }
  EXPECT_GT(passed, 1'000u);
}

TEST(MergeCursor, EverySourceIsTriedBeforeTheFirstIsWaitedFor) {
  std::string seeks;
  std::vector<std::unique_ptr<Cursor>> cursors;
  for (const bool waits : {true, false, true}) {
    std::vector<OwnedEntry> entries;
    for (uint64_t i = 1; i <= 3; ++i) {
      entries.push_back({std::to_string(10 * i + cursors.size()), SequenceNumber{i}, EntryKind::kPut, "value"});
    }
    cursors.push_back(std::make_unique<VectorCursor>(std::move(entries), Order(),
                                                     VectorCursor::Settings{.waits = waits, .seeks = &seeks}));
  }
  const auto merge = NewMergeCursor(std::move(cursors), Order());
  merge->Seek("20");
  EXPECT_EQ(seeks, " try seek try seek seek");
  std::string keys;
  for (; merge->Valid(); merge->Next()) keys.append(merge->entry().key()).append(" ");
  EXPECT_EQ(keys, "20 21 22 30 31 32 ");
}

}  // namespace
}  // namespace amethyst::merge
