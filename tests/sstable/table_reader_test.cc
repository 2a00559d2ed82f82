#include "sstable/table_reader.h"

#include "base/epoch.h"
#include "sstable/header.h"
#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

// The oracle's answer.
const OwnedEntry* FindIn(const std::vector<OwnedEntry>& entries, std::string_view key, uint64_t visible) {
  for (const OwnedEntry& entry : entries) {
    if (entry.key == key && key::Raw(entry.tag.sequence()) <= visible) return &entry;
  }
  return nullptr;
}

void ExpectAnswer(const Lookup& lookup, const OwnedEntry* expected) {
  if (expected == nullptr) {
    EXPECT_EQ(lookup.state, LookupState::kAbsent);
    return;
  }
  ASSERT_FALSE(lookup.filter_said_no);
  EXPECT_EQ(lookup.state, LookupState::kFound);
  EXPECT_EQ(lookup.tag, expected->tag);
  EXPECT_EQ(lookup.value, expected->value);
}

void ExpectLookups(const TableReader& reader, const std::vector<OwnedEntry>& entries, KeyKind kind, uint64_t sequences,
                   base::Random& random) {
  for (int i = 0; i < 300; ++i) {
    const bool known = !random.OneIn(3);
    const std::string key = known ? entries[random.Below(entries.size())].key : MakeKey(kind, random);
    const uint64_t visible = random.OneIn(3) ? key::Raw(key::kSequenceMax) : random.Below(sequences + 2);
    const key::LookupKey lookup(key, key::SequenceNumber{visible});
    const OwnedEntry* const expected = FindIn(entries, key, visible);
    const auto found = reader.Find(lookup, random.OneIn(2));
    ASSERT_TRUE(found.has_value()) << found.error().ToString();
    ExpectAnswer(found->lookup, expected);
    const auto kept = reader.Find(lookup, true);
    ASSERT_TRUE(kept.has_value()) << kept.error().ToString();
    const base::EpochGuard guard;
    ExpectAnswer(reader.FindResident(lookup), expected);
  }
}

TEST(TableReader, FindsWhatASortedVectorFinds) {
  const Backwards backwards;
  uint64_t seed = 1;
  for (const key::Order& order : {key::Order(), key::Order(&backwards)}) {
    for (const KeyKind kind : kKeyKinds) {
      for (const Compression codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
        base::Random random(++seed);
        for (const uint64_t sequences : {uint64_t{0}, uint64_t{3}, uint64_t{1} << 50}) {
          const auto entries = MakeEntries({.kind = kind, .count = 600, .sequences = sequences}, order, random);
          TableBed bed;
          const TableInfo info = bed.Write(entries, {.block_bytes = 512 + random.Below(4096),
                                                     .compression = codec,
                                                     .filter_false_positive_rate = random.OneIn(4) ? 1 : 0.01,
                                                     .order = order});
          auto reader = bed.Open(info, order);
          ASSERT_TRUE(reader.has_value()) << reader.error().ToString();
          ExpectLookups(**reader, entries, kind, sequences, random);
          const Status verified = (*reader)->Verify();
          EXPECT_TRUE(verified.has_value()) << verified.error().ToString();
        }
      }
    }
  }
}

TEST(TableReader, FindsEveryVersionOfAKeyThatSpansBlocksAndPages) {
  base::Random random(5);
  std::vector<OwnedEntry> entries;
  entries.push_back({"before", Put(1), "x"});
  for (uint64_t sequence = 9000; sequence > 0; --sequence) {
    entries.push_back({"hot", sequence % 7 == 0 ? Delete(sequence) : Put(sequence),
                       sequence % 7 == 0 ? "" : RandomBytes(random, 60)});
  }
  entries.push_back({std::string("hot\0", 4), Put(5), "successor"});
  entries.push_back({"later", Put(1), "y"});
  SortEntries(&entries, key::Order());
  TableBed bed;
  const TableInfo info = bed.Write(entries, {.block_bytes = 600});
  auto reader = bed.Open(info).value();
  ASSERT_GT(reader->tree().top().count(), 3u);
  ASSERT_TRUE(reader->Verify().has_value());
  for (uint64_t visible = 0; visible <= 9002; visible += 1 + random.Below(40)) {
    const key::LookupKey lookup("hot", key::SequenceNumber{visible});
    ExpectAnswer(reader->Find(lookup, true)->lookup, FindIn(entries, "hot", visible));
    const base::EpochGuard guard;
    ExpectAnswer(reader->FindResident(lookup), FindIn(entries, "hot", visible));
  }
  for (const char* key : {"before", "later", "absent", "zzz"}) {
    ExpectAnswer(reader->Find(key::LookupKey(key, key::kSequenceMax), true)->lookup, FindIn(entries, key, 9999));
  }
}

TEST(TableReader, KeepsKeysAndValuesOfMegabytes) {
  base::Random random(6);
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 20; ++i) {
    const size_t key_bytes = i == 9 || i == 19 ? kKeyBytesMax : 64 << 10;
    entries.push_back({std::string(key_bytes - 2, static_cast<char>('a' + i / 7)) + std::to_string(10 + i), Put(3),
                       std::string(i % 5 == 0 ? 3 << 20 : i, static_cast<char>('0' + i))});
  }
  entries.push_back({"", Put(4), RandomBytes(random, 70000)});
  SortEntries(&entries, key::Order());
  for (const Compression codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    TableBed bed;
    const TableInfo info = bed.Write(entries, {.compression = codec});
    auto reader = bed.Open(info).value();
    ASSERT_TRUE(reader->Verify().has_value()) << reader->Verify().error().ToString();
    for (const OwnedEntry& entry : entries) {
      const auto found = reader->Find(key::LookupKey(entry.key, key::kSequenceMax), true);
      ASSERT_TRUE(found.has_value());
      ExpectAnswer(found->lookup, &entry);
    }
  }
}

TEST(TableReader, SaysNotResidentUntilFindHasLoadedTheWay) {
  base::Random random(7);
  const auto entries = MakeEntries({.count = 2000}, key::Order(), random);
  TableBed bed;
  const TableInfo info = bed.Write(entries);
  auto reader = bed.Open(info).value();
  const key::LookupKey lookup(entries[500].key, key::kSequenceMax);
  const auto resident = [&] {
    const base::EpochGuard guard;
    reader->PrefetchFilter(lookup.hash);
    return reader->FindResident(lookup).state;
  };
  EXPECT_EQ(resident(), LookupState::kNotResident);
  ASSERT_TRUE(reader->Find(lookup, false).has_value());
  EXPECT_EQ(resident(), LookupState::kNotResident) << "nothing is kept without fill_cache";
  ASSERT_TRUE(reader->Find(lookup, true).has_value());
  EXPECT_NE(resident(), LookupState::kNotResident);
  const uint64_t reads = bed.file().reads();
  ASSERT_TRUE(reader->Find(lookup, false).has_value());
  EXPECT_EQ(bed.file().reads(), reads) << "what is resident is used";
}

TEST(TableReader, ReadsNoBlockForMostAbsentKeys) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 20000; ++i) entries.push_back({fmt::format("{:08}", 2 * i), Put(1), "value"});
  TableBed bed;
  const TableInfo info = bed.Write(entries, {.filter_false_positive_rate = 0.01});
  auto reader = bed.Open(info).value();
  ASSERT_TRUE(reader->LoadFilter().has_value());
  const uint64_t reads_before = bed.file().reads();
  int said_no = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto found = reader->Find(key::LookupKey(fmt::format("{:08}", 2 * i + 1), key::kSequenceMax), false);
    ASSERT_EQ(found->lookup.state, LookupState::kAbsent);
    said_no += found->lookup.filter_said_no ? 1 : 0;
  }
  EXPECT_GT(said_no, 20000 * 0.98);
  EXPECT_EQ(bed.file().reads() - reads_before, 2 * static_cast<uint64_t>(20000 - said_no)) << "a page and a block each";
}

TEST(TableReader, GoesOnWithoutAFilterThatCannotBeRead) {
  base::Random random(9);
  const auto entries = MakeEntries({.count = 300}, key::Order(), random);
  TableBed bed;
  const TableInfo info = bed.Write(entries);
  std::string bytes = bed.Bytes();
  const uint64_t filter = bed.Open(info).value()->footer().filter.offset;
  bytes[filter + 3] = static_cast<char>(bytes[filter + 3] ^ 1);
  bed.WriteBytes(bytes);
  auto reader = bed.Open(info).value();
  const key::LookupKey there(entries[10].key, key::kSequenceMax), absent("no such key", key::kSequenceMax);

  bed.file().SetFailing(true);
  EXPECT_EQ(reader->Find(there, true).error().code(), ErrorCode::kIo) << "nothing can be read";
  bed.file().SetFailing(false);
  auto found = reader->Find(there, true);
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_NE(found->lookup.state, LookupState::kAbsent);
  ASSERT_TRUE(found->filter_lost);
  EXPECT_EQ(found->filter_lost->code(), ErrorCode::kCorruption);
  EXPECT_FALSE(reader->Find(there, true).value().filter_lost) << "it is told once";
  EXPECT_EQ(reader->Find(absent, true).value().lookup.state, LookupState::kAbsent);
  {
    const base::EpochGuard guard;
    EXPECT_NE(reader->FindResident(there).state, LookupState::kNotResident) << "no read waits for it any more";
  }
  EXPECT_FALSE(reader->Verify()) << "it is damage all the same";
}

TEST(TableReader, CountsHitsUnderStrictLru) {
  base::Random random(8);
  const auto entries = MakeEntries({.count = 300}, key::Order(), random);
  TableBed bed(size_t{8} << 20, CachePolicy::kLru);
  const TableInfo info = bed.Write(entries);
  auto reader = bed.Open(info).value();
  const key::LookupKey lookup(entries[10].key, key::kSequenceMax);
  ASSERT_TRUE(reader->Find(lookup, true).has_value());
  const uint64_t hits = bed.cache().stats().hits;
  {
    const base::EpochGuard guard;
    static_cast<void>(reader->FindResident(lookup));
  }
  EXPECT_EQ(bed.cache().stats().hits - hits, 3u) << "filter, page and block";
}

TEST(TableReader, RefusesAnotherTableThanTheOneExpected) {
  base::Random random(9);
  TableBed bed;
  const TableInfo other = bed.Write(MakeEntries({.count = 50}, key::Order(), random));
  const TableInfo info = bed.Write(MakeEntries({.count = 50}, key::Order(), random));
  EXPECT_TRUE(bed.Open(info).has_value());
  EXPECT_EQ(bed.Open(other).error().code(), ErrorCode::kCorruption);
  const auto with = [&](auto change) {
    TableInfo changed = info;
    change(changed);
    return bed.Open(changed);
  };
  EXPECT_EQ(with([](TableInfo& i) { ++i.digest; }).error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(with([](TableInfo& i) { ++i.file_bytes; }).error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(with([](TableInfo& i) { ++i.uid.low; }).error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(with([](TableInfo& i) { i.largest += "x"; }).error().code(), ErrorCode::kCorruption);
  const Backwards backwards;
  EXPECT_EQ(bed.Open(info, key::Order(&backwards)).error().code(), ErrorCode::kInvalidArgument);
}

TEST(TableReader, OpensATableOfWhichNothingIsKnown) {
  base::Random random(10);
  TableBed bed;
  const TableInfo info = bed.Write(MakeEntries({.count = 200}, key::Order(), random));
  ASSERT_TRUE(bed.Open(info).has_value());
  io::MemoryFileSystem files;
  auto created = files.Create("/copy").value();
  ASSERT_TRUE(created->Append(bed.Bytes()).has_value() && created->Close().has_value());
  const auto reader = TableReader::OpenUnknown(files.Open("/copy").value(), key::Order(), bed.cache());
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ((*reader)->info(), info);
  EXPECT_TRUE((*reader)->sketch().has_value());
  EXPECT_GT((*reader)->memory_bytes(), sizeof(TableReader));
}

TEST(TableReader, ApproximatesOffsetsInOrder) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 30000; ++i) entries.push_back({fmt::format("{:08}", i), Put(1), std::string(50, 'v')});
  TableBed bed;
  const TableInfo info = bed.Write(entries, {.compression = Compression::kNone});
  auto reader = bed.Open(info).value();
  EXPECT_EQ(reader->ApproximateOffset("").value(), kHeaderBytes);
  uint64_t last = 0;
  for (int i = 0; i < 30000; i += 777) {
    const uint64_t offset = reader->ApproximateOffset(fmt::format("{:08}", i)).value();
    EXPECT_GE(offset, last);
    EXPECT_NEAR(static_cast<double>(offset), 58.9 * i, 8192);
    last = offset;
  }
  EXPECT_GT(reader->ApproximateOffset("9").value(), last);
  EXPECT_LT(reader->ApproximateOffset("9").value(), info.file_bytes);
}

TEST(TableReader, TellsAReadErrorFromAbsence) {
  base::Random random(11);
  const auto entries = MakeEntries({.count = 500}, key::Order(), random);
  TableBed bed;
  const TableInfo info = bed.Write(entries);
  auto reader = bed.Open(info).value();
  bed.file().SetFailing(true);
  EXPECT_EQ(reader->Find(key::LookupKey(entries[3].key, key::kSequenceMax), true).error().code(), ErrorCode::kIo);
  EXPECT_EQ(reader->ApproximateOffset(entries[3].key).error().code(), ErrorCode::kIo);
  EXPECT_EQ(reader->Verify().error().code(), ErrorCode::kIo);
  bed.file().SetFailing(false);
  EXPECT_TRUE(reader->Find(key::LookupKey(entries[3].key, key::kSequenceMax), true).has_value()) << "it may be retried";
}

TEST(TableReader, LeavesNothingInTheCacheBehind) {
  base::Random random(12);
  const auto entries = MakeEntries({.count = 3000}, key::Order(), random);
  TableBed bed;
  const TableInfo info = bed.Write(entries);
  {
    auto reader = bed.Open(info).value();
    for (const OwnedEntry& entry : entries) {
      ASSERT_TRUE(reader->Find(key::LookupKey(entry.key, key::kSequenceMax), true).has_value());
    }
    EXPECT_GT(bed.cache().stats().resident_bytes, 100000u);
  }
  EXPECT_EQ(bed.cache().stats().resident_bytes, 0u);
  base::DrainEpochs();
}

}  // namespace
}  // namespace amethyst::sstable
