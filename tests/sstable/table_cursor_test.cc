#include "sstable/table_cursor.h"

#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

constexpr size_t kEnd = SIZE_MAX;  // The oracle's position when the cursor is invalid.

// A position in a sorted vector, which moves as a cursor must.
class Oracle {
 public:
  Oracle(const std::vector<OwnedEntry>& entries, const key::Order& order) : entries_(entries), order_(order) {}

  [[nodiscard]] size_t Seek(std::string_view target) const {
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (order_.Compare(entries_[i].key, target) >= 0) return i;
    }
    return kEnd;
  }
  [[nodiscard]] size_t SeekForPrev(std::string_view target) const {
    for (size_t i = entries_.size(); i-- > 0;) {
      if (order_.Compare(entries_[i].key, target) <= 0) return i;
    }
    return kEnd;
  }

 private:
  const std::vector<OwnedEntry>& entries_;
  const key::Order& order_;
};

// Random moves, seeks and changes of direction, against the oracle.
void Walk(key::Cursor& cursor, const std::vector<OwnedEntry>& entries, const key::Order& order, KeyKind kind,
          base::Random& random, int steps) {
  const Oracle oracle(entries, order);
  size_t at = kEnd;
  for (int step = 0; step < steps; ++step) {
    const uint64_t move = random.Below(at == kEnd ? 4 : 12);
    const std::string target = random.OneIn(2) ? entries[random.Below(entries.size())].key : MakeKey(kind, random);
    if (move == 0) {
      cursor.SeekToFirst();
      at = 0;
    } else if (move == 1) {
      cursor.SeekToLast();
      at = entries.size() - 1;
    } else if (move == 2) {
      cursor.Seek(target);
      at = oracle.Seek(target);
    } else if (move == 3) {
      cursor.SeekForPrev(target);
      at = oracle.SeekForPrev(target);
    } else if (move < 8) {
      for (uint64_t n = random.Below(random.OneIn(4) ? 300 : 6); n > 0 && at != kEnd; --n) {
        cursor.Next();
        at = at + 1 == entries.size() ? kEnd : at + 1;
      }
    } else {
      for (uint64_t n = random.Below(random.OneIn(4) ? 300 : 6); n > 0 && at != kEnd; --n) {
        cursor.Prev();
        at = at == 0 ? kEnd : at - 1;
      }
    }
    ASSERT_TRUE(cursor.status().has_value()) << cursor.status().error().ToString();
    ASSERT_EQ(cursor.Valid(), at != kEnd) << "after move " << move << " at step " << step;
    if (at != kEnd) {
      ASSERT_EQ(Copy(cursor.entry()), entries[at]) << "after move " << move << " at step " << step;
    }
  }
}

TEST(TableCursor, MovesAsOverASortedVector) {
  const Backwards backwards;
  uint64_t seed = 100;
  for (const key::Order& order : {key::Order(), key::Order(&backwards)}) {
    for (const KeyKind kind : kKeyKinds) {
      for (const uint64_t sequences : {uint64_t{0}, uint64_t{40}, uint64_t{1} << 40}) {
        base::Random random(++seed);
        const auto entries = MakeEntries({.kind = kind, .count = 800, .sequences = sequences}, order, random);
        TableBed bed;
        const TableInfo info = bed.Write(entries, {.block_bytes = 300 + random.Below(3000),
                                                   .compression = static_cast<Compression>(random.Below(3)),
                                                   .order = order});
        auto reader = bed.Open(info, order).value();
        for (const CursorOptions& options :
             {CursorOptions{}, CursorOptions{.fill_cache = false}, CursorOptions{.sequential = true}}) {
          const auto cursor = reader->NewCursor(options);
          ASSERT_NO_FATAL_FAILURE(Walk(*cursor, entries, order, kind, random, 150));
        }
      }
    }
  }
}

TEST(TableCursor, WalksVersionsOfAKeyOverBlocksInBothDirections) {
  std::vector<OwnedEntry> entries;
  for (uint64_t sequence = 3000; sequence > 0; --sequence) entries.push_back({"hot", Put(sequence), "a value"});
  entries.push_back({"a", Put(1), ""});
  entries.push_back({"z", Put(1), ""});
  SortEntries(&entries, key::Order());
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries, {.block_bytes = 256})).value();
  const auto cursor = reader->NewCursor({});
  cursor->Seek("hot");
  EXPECT_EQ(Copy(cursor->entry()), entries[1]);
  cursor->SeekForPrev("hot");
  EXPECT_EQ(Copy(cursor->entry()), entries[3000]) << "the oldest version";
  cursor->Next();
  EXPECT_EQ(cursor->entry().key(), "z");
  cursor->SeekForPrev("hos");
  EXPECT_EQ(cursor->entry().key(), "a");
  cursor->SeekForPrev("\x01");
  EXPECT_FALSE(cursor->Valid());
  EXPECT_TRUE(cursor->status().has_value());
}

TEST(TableCursor, GrowsItsWindowsInBothDirections) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 100; ++i) entries.push_back({fmt::format("{:04}", i), Put(1), "v"});
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries)).value();
  const auto cursor = reader->NewCursor({});
  cursor->SeekToFirst();
  EXPECT_EQ(cursor->Ahead().size(), 4u);
  cursor->Skip(4);
  EXPECT_EQ(cursor->Ahead().size(), 16u);
  cursor->Skip(16);
  EXPECT_EQ(cursor->Ahead().size(), 64u);
  cursor->SeekToLast();
  EXPECT_EQ(cursor->Behind().size(), 4u);
  cursor->SkipBack(4);
  EXPECT_EQ(cursor->Behind().size(), 16u);
  cursor->SkipBack(16);
  EXPECT_EQ(cursor->Behind().size(), 64u);
}

TEST(TableCursor, CallsAWindowPlainOnlyIfItIs) {
  base::Random random(3);
  for (const EntryShape& shape : {EntryShape{.count = 3000, .sequences = 5, .delete_one_in = 0},
                                  EntryShape{.kind = KeyKind::kRandom, .count = 3000, .delete_one_in = 300},
                                  EntryShape{.kind = KeyKind::kLongPrefix, .count = 3000, .sequences = 0}}) {
    const auto entries = MakeEntries(shape, key::Order(), random);
    TableBed bed;
    auto reader = bed.Open(bed.Write(entries, {.block_bytes = 700})).value();
    const auto cursor = reader->NewCursor({});
    size_t at = 0;
    size_t plain = 0;
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Skip(cursor->Ahead().size())) {
      for (const key::Entry& entry : cursor->Ahead()) {
        EXPECT_LE(entry.tag.sequence(), cursor->WindowMaxSequence());
        const bool alone = (at == 0 || entries[at - 1].key != entries[at].key) &&
                           (at + 1 == entries.size() || entries[at + 1].key != entries[at].key);
        if (cursor->WindowIsPlain()) {
          EXPECT_TRUE(alone && entry.tag.kind() == key::EntryKind::kPut);
          ++plain;
        }
        ++at;
      }
    }
    EXPECT_EQ(at, entries.size());
    EXPECT_GT(plain + (shape.sequences == 5 ? 1 : 0), 0u) << "some blocks are plain";
  }
}

TEST(TableCursor, StepsOverDeadBlocksAndPagesWhole) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 100000; ++i) {
    const bool live = i < 10 || i >= 99000;
    entries.push_back({fmt::format("{:08}", i), live ? Put(5) : Delete(static_cast<uint64_t>(10 + i)), ""});
  }
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries, {.block_bytes = 1024})).value();
  ASSERT_GT(reader->tree().top().count(), 15u);
  const auto cursor = reader->NewCursor({});
  const uint64_t all = 1000000;
  const auto walk = [&](int from, uint64_t visible, std::string_view limit) {
    uint64_t steps = 0;
    cursor->Seek(fmt::format("{:08}", from));
    while (cursor->Valid() && cursor->entry().tag.kind() == key::EntryKind::kDelete &&
           (limit.data() == nullptr || cursor->entry().key() < limit)) {
      const std::string before(cursor->entry().key());
      const uint64_t passed = cursor->SkipDead(key::SequenceNumber{visible}, limit);
      if (passed == 0) cursor->Next();
      if (cursor->Valid() && passed > 0) {
        EXPECT_EQ(std::stoull(std::string(cursor->entry().key())) - std::stoull(before), passed);
      }
      ++steps;
    }
    return steps;
  };
  const uint64_t reads = bed.file().reads();
  EXPECT_LT(walk(10, all, {}), 250u);
  EXPECT_EQ(cursor->entry().key(), "00099000");
  EXPECT_LT(bed.file().reads() - reads, 14u) << "neither blocks nor pages of the stretch are read";
  EXPECT_LT(walk(50000, all, "00060000"), 250u);
  EXPECT_LE(cursor->entry().key(), "00060000");
  EXPECT_GT(walk(50000, 1, {}), 40000u) << "a snapshot that does not see the tombstones sees what they hide";
  cursor->SeekToFirst();
  EXPECT_EQ(cursor->SkipDead(key::kSequenceMax, {}), 0u) << "no dead stretch here";
  EXPECT_EQ(cursor->entry().key(), "00000000");
}

TEST(TableCursor, AFailureInADeadStretchIsNoStandingStill) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 20000; ++i) entries.push_back({fmt::format("{:08}", i), Delete(static_cast<uint64_t>(i)), ""});
  entries.push_back({"z", Put(1), ""});
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries, {.block_bytes = 256})).value();
  ASSERT_GT(reader->tree().top().count(), 5u);
  for (const bool sequential : {false, true}) {
    const auto cursor = reader->NewCursor({.fill_cache = false, .sequential = sequential});
    cursor->SeekToFirst();
    ASSERT_TRUE(cursor->Valid());
    bed.file().SetFailing(true);
    EXPECT_GT(cursor->SkipDead(key::kSequenceMax, {}), 0u) << "the page in which the stretch ends cannot be read";
    EXPECT_FALSE(cursor->Valid());
    EXPECT_EQ(cursor->status().error().code(), ErrorCode::kIo);
    bed.file().SetFailing(false);
    cursor->SeekToFirst();
    EXPECT_GT(cursor->SkipDead(key::kSequenceMax, {}), 19'900u) << "up to the block that holds a put";
    EXPECT_TRUE(cursor->Valid());
  }
}

TEST(TableCursor, NeverPassesATombstoneWithoutTheVersionsItHides) {
  // Tombstones fill blocks; the last of their keys has its old put at the begin of the next block.
  for (int shift = 0; shift < 60; ++shift) {
    std::vector<OwnedEntry> entries;
    for (int i = 0; i < 400; ++i) entries.push_back({fmt::format("{:08}", i), Delete(100), ""});
    for (uint64_t sequence = 90; sequence > 30; --sequence) {
      entries.push_back({fmt::format("{:08}", 300 + shift), Delete(sequence), ""});
    }
    entries.push_back({fmt::format("{:08}", 300 + shift), Put(7), "hidden"});
    SortEntries(&entries, key::Order());
    TableBed bed;
    auto reader = bed.Open(bed.Write(entries, {.block_bytes = 256})).value();
    for (const bool sequential : {false, true}) {
      const auto cursor = reader->NewCursor({.fill_cache = shift % 2 == 0, .sequential = sequential});
      std::string deleted;
      cursor->SeekToFirst();
      while (cursor->Valid()) {
        if (cursor->SkipDead(key::kSequenceMax, {}) > 0) continue;
        if (cursor->entry().tag.kind() == key::EntryKind::kPut) {
          EXPECT_EQ(cursor->entry().key(), deleted);
        } else {
          deleted = cursor->entry().key();
        }
        cursor->Next();
      }
      EXPECT_TRUE(cursor->status().has_value());
    }
  }
}

TEST(TableCursor, EndsWithAnErrorAndRecoversAtTheNextSeek) {
  base::Random random(4);
  const auto entries = MakeEntries({.count = 20000}, key::Order(), random);
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries)).value();
  for (const bool sequential : {false, true}) {
    const auto cursor = reader->NewCursor({.fill_cache = false, .sequential = sequential});
    cursor->SeekToFirst();
    bed.file().SetFailing(true);
    while (cursor->Valid()) cursor->Next();
    EXPECT_EQ(cursor->status().error().code(), ErrorCode::kIo) << "not the end of the data";
    cursor->SeekToLast();
    EXPECT_FALSE(cursor->Valid());
    bed.file().SetFailing(false);
    cursor->SeekToLast();
    ASSERT_TRUE(cursor->status().has_value());
    EXPECT_EQ(Copy(cursor->entry()), entries.back());
  }
}

TEST(TableCursor, KeepsItsEntriesWhileTheCacheEvictsEverything) {
  base::Random random(5);
  const auto entries = MakeEntries({.count = 3000, .sequences = 1u << 20}, key::Order(), random);
  TableBed bed(32 << 10);
  auto reader = bed.Open(bed.Write(entries)).value();
  const auto cursor = reader->NewCursor({});
  const auto other = reader->NewCursor({});
  size_t at = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next(), ++at) {
    if (at % 100 == 0) {
      for (other->SeekToLast(); other->Valid(); other->SkipBack(other->Behind().size())) {
      }
    }
    ASSERT_EQ(Copy(cursor->entry()), entries[at]);
  }
  EXPECT_EQ(at, entries.size());
}

TEST(TableCursor, ReadsAheadFurtherAndFurtherButNotPastItsBound) {
  std::vector<OwnedEntry> entries;
  base::Random random(6);
  for (int i = 0; i < 20000; ++i) entries.push_back({fmt::format("{:08}", i), Put(1), RandomBytes(random, 100)});
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries)).value();
  const auto bounded = reader->NewCursor({.upper_bound = "00000200"});
  bounded->SeekToFirst();
  bed.file().ForgetReach();  // Of the index.
  while (bounded->Valid() && bounded->entry().key() < "00000200") bounded->Next();
  const uint64_t bound = reader->ApproximateOffset("00000200").value();
  EXPECT_GT(bed.file().reach(), bound / 2);
  EXPECT_LE(bed.file().reach(), bound + 5000) << "the bound's block is the last";
  const auto free = reader->NewCursor({});
  free->Seek("00000300");
  bed.file().ForgetReach();
  const uint64_t reads = bed.file().reads();
  while (free->entry().key() < "00001200") free->Next();
  EXPECT_GT(bed.file().reach(), reader->ApproximateOffset("00001200").value() + 20000);
  EXPECT_LE(bed.file().reads() - reads, 4u);
}

uint64_t MissesOfAWalk(TableBed& bed, key::Cursor& cursor, bool forward) {
  const uint64_t before = bed.cache().stats().misses;
  if (forward) {
    for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) {
    }
  } else {
    for (cursor.SeekToLast(); cursor.Valid(); cursor.Prev()) {
    }
  }
  EXPECT_TRUE(cursor.status().has_value());
  return bed.cache().stats().misses - before;
}

TEST(TableCursor, KeepsWhatALongWalkReadsFromTheSecondTimeOn) {
  constexpr uint64_t kScanBlocks = 64;
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 20000; ++i) entries.push_back({fmt::format("{:08}", i), Put(1), std::string(100, 'v')});
  for (const bool forward : {true, false}) {
    TableBed bed;
    auto reader = bed.Open(bed.Write(entries, {.compression = Compression::kNone})).value();
    const uint64_t pages = reader->tree().top().count();
    const auto cursor = reader->NewCursor({});
    const uint64_t first = MissesOfAWalk(bed, *cursor, forward);
    EXPECT_GT(first, 5 * kScanBlocks);
    EXPECT_LT(bed.cache().stats().resident_bytes, bed.cache().stats().capacity_bytes / 64) << "a scan that comes once";
    EXPECT_EQ(MissesOfAWalk(bed, *cursor, forward), first - kScanBlocks - pages) << "the beginning was kept";
    EXPECT_EQ(MissesOfAWalk(bed, *cursor, forward), 0u);
  }
}

TEST(TableCursor, KeepsWhatAShortWalkReadsAtOnce) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 20000; ++i) entries.push_back({fmt::format("{:08}", i), Put(1), std::string(100, 'v')});
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries, {.compression = Compression::kNone})).value();
  const auto cursor = reader->NewCursor({});
  for (const bool again : {false, true}) {
    const uint64_t before = bed.file().reads();
    for (int from = 0; from < 20000; from += 500) {  // Each some dozen blocks, and all of them together.
      cursor->Seek(fmt::format("{:08}", from));
      for (int i = 0; i < 500; ++i) cursor->Next();
    }
    EXPECT_EQ(bed.file().reads() == before, again);
  }
}

TEST(TableCursor, LeavesTheCacheAloneInSequentialMode) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 20000; ++i) entries.push_back({fmt::format("{:08}", i), Put(1), std::string(100, 'v')});
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries, {.compression = Compression::kNone})).value();
  const uint64_t reads = bed.file().reads();
  const auto cursor = reader->NewCursor({.sequential = true});
  size_t at = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) ++at;
  EXPECT_EQ(at, entries.size());
  EXPECT_EQ(bed.cache().stats().resident_bytes, 0u);
  EXPECT_LT(bed.file().reads() - reads, reader->tree().top().count() + 8) << "large reads";
}

}  // namespace
}  // namespace amethyst::sstable
