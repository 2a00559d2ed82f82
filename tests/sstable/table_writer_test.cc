// Covers: table_writer, table_inspect
#include "sstable/table_writer.h"

#include "sstable/header.h"
#include "sstable/table_fixture.h"
#include "sstable/table_inspect.h"
#include "support/format_document.h"
#include "support/rounds.h"

namespace amethyst::sstable {
namespace {

TEST(TableWriter, ReturnsWhatTheTableHolds) {
  const std::vector<OwnedEntry> entries = {{"", Put(7), "empty key"}, {"a", Delete(9), ""}, {"a", Put(3), "x"}};
  TableBed bed;
  const TableInfo info = bed.Write(entries, {}, 1234);
  EXPECT_EQ(info.file_bytes, bed.Bytes().size());
  EXPECT_EQ(info.smallest, "");
  EXPECT_EQ(info.largest, "a");
  EXPECT_EQ(key::Raw(info.smallest_sequence), 3u);
  EXPECT_EQ(key::Raw(info.largest_sequence), 9u);
  EXPECT_EQ(info.entries, 3u);
  EXPECT_EQ(info.deletes, 1u);
  EXPECT_EQ(info.raw_bytes, 12u);
  EXPECT_EQ(info.oldest_delete_time_s, 1234u);
  EXPECT_EQ(bed.Open(info).value()->info(), info);
  EXPECT_EQ(bed.Write({{"a", Put(3), "x"}}, {}, 1234).oldest_delete_time_s, 0u) << "no tombstone, no time";
}

TEST(TableWriter, HasShortBoundsAndAShortIndexOverLongKeys) {
  std::vector<OwnedEntry> entries;
  for (char c = 'a'; c <= 'z'; ++c) entries.push_back({std::string(50'000, c), Put(1), "v"});
  TableBed bed;
  const TableInfo info = bed.Write(entries, {.compression = Compression::kNone});
  EXPECT_EQ(info.smallest, std::string(key::kBoundBytes, 'a'));
  EXPECT_EQ(info.largest, std::string(key::kBoundBytes - 1, 'z') + "{");
  EXPECT_LT(info.file_bytes, 26u * 50'000 + 16'384) << "neither index nor properties hold a whole key";
  auto reader = bed.Open(info).value();
  const Status verified = reader->Verify();
  EXPECT_TRUE(verified) << verified.error().message();
  for (const OwnedEntry& entry : entries) {
    const auto found = reader->Find(key::LookupKey(entry.key, key::kSequenceMax), true);
    ASSERT_TRUE(found.has_value());
    ExpectAnswer(found->lookup, &entry);
  }
  const auto behind = reader->Find(key::LookupKey(std::string(60'000, 'z'), key::kSequenceMax), true);
  ASSERT_TRUE(behind.has_value());
  ExpectAnswer(behind->lookup, nullptr);
}

TEST(TableWriter, WritesATableOfRangeTombstonesWithTheTimeOfTheOldestThatVerifies) {
  TableBed bed;
  TableOptions options;
  options.tombstone_span = {.begin = std::string(1, '\0'), .end = std::string(1, '\0')};
  const TableInfo info = bed.Write({{"a", Put(3), "a range"}}, options, 1234);
  EXPECT_EQ(info.deletes, 0u);
  EXPECT_EQ(info.oldest_delete_time_s, 1234u);
  const Status verified = bed.Open(info).value()->Verify();
  EXPECT_TRUE(verified) << verified.error().message();
}

TEST(TableWriter, GivesEveryTableAnIdentityOfItsOwn) {
  TableBed bed;
  const TableInfo a = bed.Write({{"a", Put(3), "x"}});
  const TableInfo b = bed.Write({{"a", Put(3), "x"}});
  EXPECT_NE(a.uid, b.uid);
  EXPECT_NE(a.digest, b.digest);
}

TEST(TableWriter, KeepsToTheBlockSizeAndGivesLargeValuesBlocksOfTheirOwn) {
  base::Random random(1);
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 400; ++i) {
    entries.push_back({fmt::format("{:06}", i), Put(1), std::string(i % 50 == 7 ? kOwnBlockValueBytes : 90, 'v')});
  }
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries, {.block_bytes = 1000})).value();
  const TableDescription table = Describe(*reader).value();
  uint64_t alone = 0;
  uint64_t described = 0;
  for (const PageDescription& page : table.pages) {
    EXPECT_LE(page.blocks.size(), kPageBlocksMax);
    for (const BlockDescription& block : page.blocks) {
      described += block.entries;
      if (block.handle.raw_bytes > kOwnBlockValueBytes) {
        EXPECT_EQ(block.entries, 1u);
        ++alone;
      } else {
        EXPECT_LE(block.handle.raw_bytes, 1000u);
      }
    }
  }
  EXPECT_EQ(alone, 8u);
  EXPECT_EQ(described, entries.size());
  EXPECT_EQ(table.properties.block_bytes, 1000u);
}

// The entries of a table, written to another one: blocks as they are stored where `takes_over` says so, the rest one by
// one. Counts the blocks taken over.
template <typename TakesOver>
TableInfo CopyTable(TableBed& bed, const TableReader& from, const TableOptions& options, TakesOver takes_over,
                    uint64_t* taken_over) {
  const auto cursor = from.NewCursor({.fill_cache = false, .sequential = true, .upper_bound = {}});
  return bed.WriteBy(options, 7, [&](TableWriter& writer) {
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Skip(cursor->Ahead().size())) {
      const std::string_view stored = cursor->StoredAhead();
      bool added = false;
      if (cursor->WindowIsPlain() && !stored.empty() && takes_over()) {
        added = writer.AddStored(cursor->Ahead(), stored).value();
        *taken_over += added ? 1 : 0;
      }
      if (added) continue;
      for (const key::Entry& entry : cursor->Ahead()) ASSERT_TRUE(writer.Add(entry));
    }
    ASSERT_TRUE(cursor->status());
  });
}

TEST(TableWriter, BlocksTakenOverAreAsGoodAsMadeAnew) {
  base::Random random(1);
  uint64_t taken_over_in_all = 0;
  for (uint64_t round = 0; round < support::Rounds(60); ++round) {
    SCOPED_TRACE(round);
    EntryShape shape{.kind = kKeyKinds[random.Below(std::size(kKeyKinds))], .count = 1 + random.Below(1000)};
    shape.value_bytes_max = random.OneIn(3) ? 3000 : 100;
    shape.delete_one_in = random.OneIn(2) ? 0 : 30;
    const std::vector<OwnedEntry> entries = MakeEntries(shape, key::Order(), random);
    const TableOptions options{.block_bytes = 200 + random.Below(2000),
                               .compression = random.OneIn(2) ? Compression::kLz4 : Compression::kNone};
    TableBed bed;
    const auto source = bed.Open(bed.Write(entries, options)).value();
    const uint64_t one_in = 1 + random.Below(3);
    uint64_t taken_over = 0;
    const TableInfo info = CopyTable(bed, *source, options, [&] { return random.OneIn(one_in); }, &taken_over);
    taken_over_in_all += taken_over;
    const auto copy = bed.Open(info).value();
    EXPECT_TRUE(copy->Verify());
    EXPECT_EQ(info.raw_bytes, source->info().raw_bytes);
    EXPECT_EQ(info.smallest, source->info().smallest);
    EXPECT_EQ(info.largest, source->info().largest);
    EXPECT_EQ(info.smallest_sequence, source->info().smallest_sequence);
    EXPECT_EQ(info.largest_sequence, source->info().largest_sequence);
    EXPECT_EQ(info.deletes, source->info().deletes);
    std::vector<OwnedEntry> copied;
    const auto cursor = copy->NewCursor({});
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) copied.push_back(Copy(cursor->entry()));
    EXPECT_EQ(copied, entries);
    for (const OwnedEntry& entry : entries) {
      const auto found = copy->Find(key::LookupKey(entry.key, entry.tag.sequence()), true).value();
      ASSERT_EQ(found.lookup.tag, entry.tag);
      ASSERT_EQ(found.lookup.value, entry.value);
    }
  }
  EXPECT_GT(taken_over_in_all, support::Rounds(1000));
}

// With small ones around them, more than one to a key, and expiring ones.
TEST(TableWriter, LargeValuesThatAreWrittenAtOnceReadBackAndAreNotHeld) {
  constexpr size_t kLargeBytes = size_t{3} << 20;
  base::Random random(5);
  const std::string noise = RandomBytes(random, kLargeBytes);
  const std::string text(kLargeBytes, 't');
  std::string expiring;
  key::AppendExpiring(&expiring, 1'000, noise);
  const std::vector<OwnedEntry> entries = {
      {"a", Put(1), "small"}, {"b", Put(9), noise},
      {"b", Put(8), text},    {"b", Put(7), noise},
      {"c", Put(1), text},    {"d", key::Tag(key::SequenceNumber{2}, key::EntryKind::kExpiringPut), expiring},
      {"e", Put(1), "small"}, {"f", Put(1), noise},
      {"g", Put(1), noise}};
  for (const Compression codec : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    SCOPED_TRACE(static_cast<int>(codec));
    TableBed bed;
    const TableInfo info = bed.WriteBy({.compression = codec}, 7, [&](TableWriter& writer) {
      for (size_t i = 0; i < entries.size(); ++i) {
        const bool is_last = i + 1 == entries.size() || entries[i + 1].key != entries[i].key;
        ASSERT_TRUE(writer.Add(entries[i].View(), is_last));
        if (is_last) EXPECT_LT(writer.memory_bytes(), kLargeBytes) << i;
      }
    });
    EXPECT_EQ(info.largest, "g");
    const auto reader = bed.Open(info).value();
    EXPECT_TRUE(reader->Verify());
    for (const OwnedEntry& entry : entries) {
      const auto found = reader->Find(key::LookupKey(entry.key, entry.tag.sequence()), true).value();
      ASSERT_EQ(found.lookup.tag, entry.tag);
      ASSERT_TRUE(found.lookup.value == entry.value) << entry.key;
    }
    std::vector<OwnedEntry> walked;
    const auto cursor = reader->NewCursor({});
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) walked.push_back(Copy(cursor->entry()));
    EXPECT_TRUE(walked == entries);
  }
}

TEST(TableWriter, TakesNoBlockOverThatItWouldNotHaveMade) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 500; ++i) entries.push_back({fmt::format("{:06}", i), Put(1), std::string(90, 'v')});
  TableBed bed;
  const auto source = bed.Open(bed.Write(entries, {.block_bytes = 1000, .compression = Compression::kLz4})).value();
  const auto taken_over_by = [&](const TableOptions& options) {
    uint64_t taken_over = 0;
    CopyTable(bed, *source, options, [] { return true; }, &taken_over);
    return taken_over;
  };
  EXPECT_GT(taken_over_by({.block_bytes = 1000, .compression = Compression::kLz4}), 40u);
  EXPECT_EQ(taken_over_by({.block_bytes = 1000, .compression = Compression::kNone}), 0u) << "another codec";
  EXPECT_EQ(taken_over_by({.block_bytes = 4096, .compression = Compression::kLz4}), 0u) << "smaller";
  EXPECT_LE(taken_over_by({.block_bytes = 300, .compression = Compression::kLz4}), 1u) << "larger, but for the last";
}

TEST(TableWriter, ShortensSeparatorsAndMarksKeysThatGoOn) {
  std::vector<OwnedEntry> entries;
  for (uint64_t sequence = 100; sequence > 0; --sequence) entries.push_back({"apricot", Put(sequence), "value"});
  entries.push_back({"banana-with-a-long-name", Put(1), std::string(300, 'v')});
  TableBed bed;
  auto reader = bed.Open(bed.Write(entries, {.block_bytes = 256})).value();
  const auto blocks = Describe(*reader).value().pages[0].blocks;
  ASSERT_GT(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].separator, "apricot");
  EXPECT_TRUE(blocks[0].inclusive && blocks[0].continues);
  EXPECT_EQ(blocks[blocks.size() - 2].separator, "b");
  EXPECT_FALSE(blocks[blocks.size() - 2].inclusive || blocks[blocks.size() - 2].continues);
  EXPECT_EQ(blocks.back().separator, "banana-with-a-long-name");
  EXPECT_TRUE(blocks.back().inclusive);
}

TEST(TableWriter, EstimatesTheFinalSize) {
  base::Random random(2);
  io::MemoryFileSystem files;
  TableWriter writer(files.Create("/table").value(), {}, 0);
  for (int i = 0; i < 50000; ++i) {
    const std::string key = fmt::format("{:08}", i);
    ASSERT_TRUE(writer.Add(key::Entry(key, Put(1), RandomBytes(random, 80))).has_value());
  }
  EXPECT_EQ(writer.entries(), 50000u);
  const double estimate = static_cast<double>(writer.EstimatedBytes());
  const TableInfo info = writer.Finish().value();
  EXPECT_NEAR(estimate / static_cast<double>(info.file_bytes), 1.0, 0.05);
}

TEST(TableWriter, PassesOnWhatTheFileRefuses) {
  class FullFile final : public io::WritableFile {
   public:
    Status Append(std::string_view) override { return std::unexpected(Error(ErrorCode::kNoSpace, "full")); }
    Status Overwrite(uint64_t, std::string_view) override { return {}; }
    Status Sync() override { return {}; }
    Status Close() override { return {}; }
    uint64_t size() const override { return 0; }
    const std::string& path() const override { return path_; }

   private:
    std::string path_ = "/full";
  };
  TableWriter writer(std::make_unique<FullFile>(), {}, 0);
  ASSERT_TRUE(writer.Add(key::Entry("a", Put(1), "b")).has_value()) << "it is still in the buffer";
  EXPECT_EQ(writer.Finish().error().code(), ErrorCode::kNoSpace);
}

TEST(TableWriter, RefusesAnEntryThatNoBlockCanHold) {
  io::MemoryFileSystem files;
  TableWriter writer(files.Create("/table").value(), {}, 0);
  key::Entry entry("a", Put(1), "b");
  entry.value_bytes = kRawBytesMax;  // Never looked at.
  EXPECT_EQ(writer.Add(entry).error().code(), ErrorCode::kInvalidArgument);
}

// The table of docs/format/table.md: opened, verified, and its data block made again.
TEST(TableFormat, IsAsTheDocumentShows) {
  const auto dumps = test::DumpsOf("table.md");
  TableBed bed;
  bed.WriteBytes(dumps.at("table"));
  auto file = std::make_shared<CountedFile>(bed.OpenFile());
  auto reader = TableReader::OpenUnknown(file, key::Order(), bed.cache());
  ASSERT_TRUE(reader.has_value()) << reader.error().ToString();
  const Status verified = (*reader)->Verify();
  EXPECT_TRUE(verified.has_value()) << verified.error().ToString();
  const std::vector<OwnedEntry> expected = {
      {"apple", Put(3), "red"}, {"banana", Delete(5), ""}, {"cherry", Put(4), "dark"}};
  const auto cursor = (*reader)->NewCursor({});
  size_t at = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) ASSERT_EQ(Copy(cursor->entry()), expected.at(at++));
  EXPECT_EQ(at, expected.size());
  BlockBuilder builder{key::Order()};
  for (const OwnedEntry& entry : expected) builder.Add(entry.View());
  EXPECT_EQ(builder.Finish(0), dumps.at("table").substr(kHeaderBytes, builder.Finish(0).size()));
}

}  // namespace
}  // namespace amethyst::sstable
