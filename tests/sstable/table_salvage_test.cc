#include "sstable/table_salvage.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

constexpr std::string_view kPath = "/table";

class TableSalvageTest : public testing::Test {
 protected:
  TableSalvageTest() {
    base::Random random(11);
    entries_ = MakeEntries({.kind = KeyKind::kDecimal, .count = 700, .value_bytes_max = 200}, order_, random);
    auto created = files_.Create(std::string(kPath));
    TableWriter writer(*std::move(created), {.block_bytes = 1024}, 1);
    for (const OwnedEntry& entry : entries_) EXPECT_TRUE(writer.Add(entry.View()));
    info_ = *writer.Finish();
    bytes_ = *io::ReadFile(files_, std::string(kPath));
  }

  std::shared_ptr<io::RandomAccessFile> Holding(const std::string& bytes) {
    EXPECT_TRUE(io::ReplaceFile(files_, "/damaged", bytes));
    return *files_.Open("/damaged");
  }
  std::unique_ptr<TableSalvage> Open(const std::string& bytes) {
    return *TableSalvage::Open(Holding(bytes), order_, cache_);
  }
  std::string Flipped(uint64_t offset) const {
    std::string bytes = bytes_;
    bytes[offset] = static_cast<char>(bytes[offset] ^ 0x20);
    return bytes;
  }

  struct Read {
    std::vector<OwnedEntry> entries;
    uint64_t lost = 0;
    std::vector<std::string> problems;
  };
  static Read ReadAll(TableSalvage& salvage) {
    Read read;
    read.problems = salvage.problems();
    while (const auto step = salvage.Next()) {
      if (!step->problem.empty()) {
        read.problems.push_back(step->problem);
        read.lost += step->description.entries;
      }
      const uint32_t count = step->block == nullptr ? 0 : step->block->count();
      for (uint32_t i = 0; i < count; ++i) {
        read.entries.push_back({step->block->key(i), step->block->tag(i), std::string(step->block->value(i))});
      }
    }
    return read;
  }
  const key::Order order_{};
  io::MemoryFileSystem files_;
  cache::BlockCache cache_{{.capacity_bytes = 1 << 20, .shards = 1}};
  std::vector<OwnedEntry> entries_;
  TableInfo info_;
  std::string bytes_;
};

TEST_F(TableSalvageTest, ReadsAWholeTableWhole) {
  const auto salvage = Open(bytes_);
  EXPECT_TRUE(salvage->footer() && salvage->properties() && salvage->sketch() && salvage->filter_is_good());
  EXPECT_EQ(salvage->properties()->info, info_);
  const Read read = ReadAll(*salvage);
  EXPECT_TRUE(read.problems.empty());
  EXPECT_EQ(read.entries, entries_);
}

TEST_F(TableSalvageTest, EveryDamagedByteCostsAtMostItsPart) {
  for (uint64_t offset = 0; offset < bytes_.size(); offset += 41) {
    const auto salvage = Open(Flipped(offset));
    const Read read = ReadAll(*salvage);
    ASSERT_FALSE(read.problems.empty()) << offset;
    if (!salvage->has_index()) continue;
    ASSERT_EQ(read.entries.size() + read.lost, entries_.size()) << offset;
    ASSERT_TRUE(std::ranges::includes(entries_, read.entries, [&](const OwnedEntry& a, const OwnedEntry& b) {
      return order_.Compare(a.View(), b.View()) < 0;
    })) << offset;
  }
}

TEST_F(TableSalvageTest, ADamagedBlockLosesItselfAlone) {
  const Read read = ReadAll(*Open(Flipped(kHeaderBytes + 10)));
  EXPECT_EQ(read.problems.size(), 1u);
  EXPECT_GT(read.lost, 0u);
  EXPECT_LT(read.lost, 100u);
}

TEST_F(TableSalvageTest, WithoutAFooterNothingIsFoundButNothingFails) {
  for (const size_t size : {size_t{0}, size_t{1}, kFooterBytes - 1, kFooterBytes, bytes_.size() - 1}) {
    const auto salvage = Open(bytes_.substr(0, size));
    EXPECT_FALSE(salvage->has_index()) << size;
    EXPECT_FALSE(salvage->problems().empty()) << size;
    EXPECT_FALSE(salvage->Next()) << size;
  }
}

TEST_F(TableSalvageTest, AScanFindsTheBlocksBeforeACut) {
  uint64_t last_found = 0;
  for (size_t size = 0; size <= bytes_.size(); size += bytes_.size() / 16) {
    std::vector<OwnedEntry> found;
    const auto end = ScanBlocks(Holding(bytes_.substr(0, size)), info_.uid, order_, [&](const Block& block) {
      for (uint32_t i = 0; i < block.count(); ++i) {
        found.push_back({block.key(i), block.tag(i), std::string(block.value(i))});
      }
    });
    ASSERT_TRUE(end);
    EXPECT_LE(*end, size);
    ASSERT_TRUE(std::equal(found.begin(), found.end(), entries_.begin())) << "the scanned entries are the first ones";
    EXPECT_GE(found.size(), last_found);
    last_found = found.size();
  }
  EXPECT_EQ(last_found, entries_.size()) << "and all of them where the blocks are whole, index pages not taken for any";
}

TEST_F(TableSalvageTest, AScanUnderAnotherUidFindsNothing) {
  const auto end = ScanBlocks(Holding(bytes_), base::NewUid(), order_, [](const Block&) { FAIL(); });
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, kHeaderBytes);
}

TEST_F(TableSalvageTest, AScanOfHostileBytesEnds) {
  for (const char fill : {'\0', '\1', '\2'}) {
    EXPECT_TRUE(ScanBlocks(Holding(std::string(256 << 10, fill)), info_.uid, order_, [](const Block&) { FAIL(); }));
  }
}

}  // namespace
}  // namespace amethyst::sstable
