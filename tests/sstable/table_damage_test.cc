// Every byte changed, every length cut, blocks swapped, zeroed and taken from elsewhere: found, or harmless; never a
// wrong answer. Covers: table_verify, table_file
#include "sstable/table_file.h"

#include "sstable/header.h"
#include "sstable/table_fixture.h"
#include "sstable/table_inspect.h"

namespace amethyst::sstable {
namespace {

struct Damaged {
  uint64_t opens_refused = 0;
  uint64_t reads_refused = 0;
  uint64_t harmless = 0;
};

class TableDamage : public ::testing::TestWithParam<Compression> {
 protected:
  TableDamage() {
    base::Random random(1);
    entries_ = MakeEntries({.kind = KeyKind::kLongPrefix, .count = 40, .value_bytes_max = 20, .sequences = 9},
                           key::Order(), random);
    options_ = {.block_bytes = 300, .compression = GetParam()};
    info_ = bed_.Write(entries_, options_);
    bytes_ = bed_.Bytes();
    layout_ = Describe(*bed_.Open(info_).value()).value();
  }

  // Reads everything there is from a table of `bytes`, and compares what is not refused.
  void ExpectNothingWrong(const std::string& bytes, Damaged* counts) {
    bed_.WriteBytes(bytes);
    const auto opened = bed_.Open(info_);
    if (!opened) {
      ++counts->opens_refused;
      return;
    }
    const TableReader& reader = **opened;
    EXPECT_FALSE(reader.Verify().has_value()) << "whatever is harmless to readers is found by Verify";
    bool refused = false;
    for (const OwnedEntry& entry : entries_) {
      const auto found = reader.Find(key::LookupKey(entry.key, entry.tag.sequence()), true);
      refused |= !found.has_value();
      if (found) {
        ASSERT_EQ(found->lookup.tag, entry.tag);
        ASSERT_EQ(found->lookup.value, entry.value);
      }
      const auto absent = reader.Find(key::LookupKey(entry.key + "/", key::kSequenceMax), true);
      if (absent) {
        ASSERT_EQ(absent->lookup.state, LookupState::kAbsent);
      }
    }
    for (const bool sequential : {false, true}) {
      const auto cursor = reader.NewCursor({.sequential = sequential});
      size_t at = 0;
      for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) ASSERT_EQ(Copy(cursor->entry()), entries_[at++]);
      ASSERT_TRUE(at == entries_.size() || !cursor->status().has_value()) << "a short scan without an error";
      refused |= !cursor->status().has_value();
      at = entries_.size();
      for (cursor->SeekToLast(); cursor->Valid(); cursor->Prev()) ASSERT_EQ(Copy(cursor->entry()), entries_[--at]);
      ASSERT_TRUE(at == 0 || !cursor->status().has_value()) << "a short scan without an error";
    }
    ++(refused ? counts->reads_refused : counts->harmless);
  }

  [[nodiscard]] std::vector<BlockHandle> DataBlocks() const {
    std::vector<BlockHandle> handles;
    for (const PageDescription& page : layout_.pages) {
      for (const BlockDescription& block : page.blocks) handles.push_back(block.handle);
    }
    return handles;
  }

  TableBed bed_;
  std::vector<OwnedEntry> entries_;
  TableOptions options_;
  TableInfo info_;
  std::string bytes_;
  TableDescription layout_;
};

TEST_P(TableDamage, EveryChangedByteIsFoundOrHarmless) {
  Damaged counts;
  for (size_t at = 0; at < bytes_.size(); ++at) {
    for (const int flip : {0x01, 0x80}) {
      std::string changed = bytes_;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      ASSERT_NO_FATAL_FAILURE(ExpectNothingWrong(changed, &counts)) << "byte " << at;
    }
  }
  EXPECT_GT(counts.opens_refused, 2 * kFooterBytes);
  EXPECT_GT(counts.reads_refused, 1000u);
  const uint64_t unneeded = layout_.footer.sketch.stored_bytes + layout_.footer.filter.stored_bytes + 2 * kTrailerBytes;
  EXPECT_LE(counts.harmless, 2 * (unneeded + kHeaderBytes)) << "the key sketch, the filter and the header alone";
}

TEST_P(TableDamage, EveryTruncationIsRefused) {
  for (size_t length = 0; length < bytes_.size(); ++length) {
    bed_.WriteBytes(bytes_.substr(0, length));
    ASSERT_EQ(bed_.Open(info_).error().code(), ErrorCode::kCorruption);
  }
  bed_.WriteBytes(bytes_ + "x");
  EXPECT_EQ(bed_.Open(info_).error().code(), ErrorCode::kCorruption);
}

TEST_P(TableDamage, SwappedAndZeroedBlocksAreFound) {
  const auto handles = DataBlocks();
  Damaged counts;
  for (size_t a = 0; a < handles.size(); ++a) {
    const size_t bytes_a = handles[a].stored_bytes + kTrailerBytes;
    std::string zeroed = bytes_;
    zeroed.replace(handles[a].offset, bytes_a, bytes_a, '\0');
    ASSERT_NO_FATAL_FAILURE(ExpectNothingWrong(zeroed, &counts));
    for (size_t b = 0; b < a; ++b) {
      if (handles[a].stored_bytes != handles[b].stored_bytes) continue;
      std::string swapped = bytes_;
      swapped.replace(handles[a].offset, bytes_a, bytes_, handles[b].offset, bytes_a);
      swapped.replace(handles[b].offset, bytes_a, bytes_, handles[a].offset, bytes_a);
      ASSERT_NO_FATAL_FAILURE(ExpectNothingWrong(swapped, &counts));
    }
  }
  EXPECT_EQ(counts.harmless + counts.opens_refused, 0u);
}

TEST_P(TableDamage, BlocksOfAnotherTableDoNotPass) {
  bed_.Write(entries_, options_);  // The same entries, the same layout, another uid.
  const std::string other = bed_.Bytes();
  ASSERT_EQ(other.size(), bytes_.size());
  Damaged counts;
  for (const BlockHandle& handle : DataBlocks()) {
    std::string mixed = bytes_;
    mixed.replace(handle.offset, handle.stored_bytes + kTrailerBytes, other, handle.offset,
                  handle.stored_bytes + kTrailerBytes);
    ASSERT_NO_FATAL_FAILURE(ExpectNothingWrong(mixed, &counts));
  }
  EXPECT_EQ(counts.harmless + counts.opens_refused, 0u);
}

std::string ParameterName(const ::testing::TestParamInfo<Compression>& info) {
  const char* const names[] = {"None", "Lz4", "Zstd"};
  return names[static_cast<int>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Codecs, TableDamage,
                         ::testing::Values(Compression::kNone, Compression::kLz4, Compression::kZstd), ParameterName);

TEST(TableFile, NamesFileOffsetExpectedAndFound) {
  base::Random random(2);
  TableBed bed;
  const TableInfo info = bed.Write(MakeEntries({.count = 500}, key::Order(), random));
  std::string bytes = bed.Bytes();
  const auto handle = Describe(*bed.Open(info).value()).value().pages[0].blocks[1].handle;
  bytes[handle.offset + 5] ^= 1;
  bed.WriteBytes(bytes);
  auto reader = bed.Open(info).value();
  const auto cursor = reader->NewCursor({});
  cursor->SeekToFirst();
  while (cursor->Valid()) cursor->Next();
  const std::string message = cursor->status().error().message();
  EXPECT_NE(message.find(bed.path()), std::string::npos) << message;
  EXPECT_NE(message.find(fmt::format("block at {}", handle.offset)), std::string::npos) << message;
  EXPECT_NE(message.find("expected"), std::string::npos) << message;
}

TEST(TableFile, RefusesHandlesThatAskForTooMuchBeforeMemoryIsTaken) {
  io::MemoryFileSystem files;
  auto created = files.Create("/file").value();
  ASSERT_TRUE(created->Append(std::string(1000, 'x')).has_value() && created->Close().has_value());
  const TableFile file(files.Open("/file").value(), base::Uid{}, 1000);
  const auto read = [&](const BlockHandle& handle) {
    return file.Read(handle, [](size_t) -> char* {
      ADD_FAILURE() << "memory was asked for";
      return nullptr;
    });
  };
  EXPECT_FALSE(read({.offset = 0, .stored_bytes = 988, .raw_bytes = 2000}));
  EXPECT_FALSE(read({.offset = UINT64_MAX - 5, .stored_bytes = 100, .raw_bytes = 100}));
  EXPECT_FALSE(read({.offset = 0, .stored_bytes = 100, .raw_bytes = 99}));
  EXPECT_FALSE(read({.offset = 0, .stored_bytes = 100, .raw_bytes = 200})) << "the checksum comes first";
}

}  // namespace
}  // namespace amethyst::sstable
