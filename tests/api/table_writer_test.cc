// A table that is written outside of any database, as its file tells.
#include "amethyst/table_writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "cache/memory_budget.h"
#include "io/posix_file_system.h"
#include "io/system_environment.h"
#include "key/order.h"
#include "sstable/table_reader.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Key;
using support::Text;

class TableWriterTest : public testing::Test {
 protected:
  [[nodiscard]] std::string Path() const { return directory_.path() + "/a.table"; }
  [[nodiscard]] TableWriter Make(const FamilyOptions& family = {}) {
    return TableWriter::Create(Path(), {.family = family}).value();
  }
  [[nodiscard]] std::unique_ptr<sstable::TableReader> Read(key::SequenceNumber base = {}) {
    auto file = io::DefaultEnvironment()->files().Open(Path());
    auto reader = sstable::TableReader::OpenUnknown(std::move(*file), key::Order(), budget_.cache(), base);
    EXPECT_TRUE(reader) << reader.error().ToString();
    return std::move(*reader);
  }
  [[nodiscard]] bool FileIsThere() const { return std::filesystem::exists(Path()); }

  support::TempDirectory directory_;
  cache::MemoryBudget budget_{size_t{16} << 20, CachePolicy::kScanResistant};
};

TEST_F(TableWriterTest, WritesAWholeTableOfNoDatabase) {
  TableWriter table = Make();
  for (uint64_t i = 0; i < 3'000; ++i) {
    ASSERT_EQ(Text(i % 7 == 0 ? table.Delete(Key(i)) : table.Put(Key(i), "value")), "");
  }
  const auto summary = table.Finish();
  ASSERT_TRUE(summary) << summary.error().ToString();
  EXPECT_EQ(summary->entries, 3'000u);
  EXPECT_EQ(summary->smallest, Key(0));
  EXPECT_EQ(summary->largest, Key(2'999));
  EXPECT_EQ(summary->file_bytes, std::filesystem::file_size(Path()));
  const auto reader = Read();
  EXPECT_EQ(Text(reader->Verify()), "");
  EXPECT_TRUE(reader->properties().external.has_value());
  EXPECT_EQ(reader->info().largest_sequence, key::SequenceNumber{});
}

TEST_F(TableWriterTest, RefusesKeysThatDoNotAscendAndGoesOn) {
  TableWriter table = Make();
  ASSERT_EQ(Text(table.Put("b", "1")), "");
  EXPECT_EQ(CodeOf(table.Put("b", "2")), ErrorCode::kInvalidArgument);  // One entry a key.
  EXPECT_EQ(CodeOf(table.Delete("b")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(table.Put("a", "3")), ErrorCode::kInvalidArgument);
  ASSERT_EQ(Text(table.Put("c", "4")), "");
  const auto summary = table.Finish();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->entries, 2u);
  EXPECT_EQ(Text(Read()->Verify()), "");
}

TEST_F(TableWriterTest, RefusesWhatNoDatabaseWouldTake) {
  TableWriter table = Make();
  EXPECT_EQ(CodeOf(table.Put(std::string(kKeyBytesMax + 1, 'k'), "")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(table.Merge("a", "1")), ErrorCode::kInvalidArgument);  // There is no operator.
  EXPECT_EQ(CodeOf(table.DeleteRange("b", "a")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(table.Put("a", "1", ExpiresAfter(std::chrono::milliseconds(-1)))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(table.Finish()), ErrorCode::kInvalidArgument);  // There is no entry.
  EXPECT_EQ(CodeOf(TableWriter::Create(Path())), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(TableWriter::Create(directory_.path() + "/b", {.family = {.block_bytes = 1}})),
            ErrorCode::kInvalidArgument);
}

TEST_F(TableWriterTest, RemovesAFileThatIsNotFinished) {
  {
    TableWriter table = Make();
    ASSERT_EQ(Text(table.Put("a", "1")), "");
    EXPECT_TRUE(FileIsThere());
  }
  EXPECT_FALSE(FileIsThere());
  {
    TableWriter table = Make();
    ASSERT_EQ(Text(table.Put("a", "1")), "");
    ASSERT_TRUE(table.Finish());
    EXPECT_EQ(CodeOf(table.Put("b", "1")), ErrorCode::kInvalidArgument);
    EXPECT_EQ(CodeOf(table.Finish()), ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(FileIsThere());
}

TEST_F(TableWriterTest, KeepsRangeDeletesOperatorAndExpiries) {
  TableWriter table = Make({.merge_operator = Int64Add()});
  EXPECT_EQ(CodeOf(table.Merge("a", "short")), ErrorCode::kInvalidArgument);
  ASSERT_EQ(Text(table.Merge("a", std::string(8, '\1'))), "");
  ASSERT_EQ(Text(table.DeleteRange("x", std::nullopt)), "");
  ASSERT_EQ(Text(table.Put("b", "1", ExpiresAfter(std::chrono::hours(1)))), "");
  ASSERT_EQ(Text(table.DeleteRange("a", "b")), "");
  const auto summary = table.Finish();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->range_deletes, 2u);
  const auto reader = Read();
  EXPECT_EQ(Text(reader->Verify()), "");
  EXPECT_EQ(reader->properties().external->merge_operator, "int64.add");
  EXPECT_EQ(reader->properties().external->range_deletes.size(), 2u);
  EXPECT_EQ(reader->info().expiries.entries, 1u);
}

// What the manifest says of a table that was taken in.
TEST_F(TableWriterTest, ABaseIsAddedToEachSequenceNumber) {
  TableWriter table = Make();
  for (uint64_t i = 0; i < 3'000; ++i) ASSERT_EQ(Text(table.Put(Key(i), std::string(40, 'v'))), "");
  ASSERT_TRUE(table.Finish());
  const key::SequenceNumber base{1'000};
  const auto reader = Read(base);
  EXPECT_EQ(Text(reader->Verify()), "");
  EXPECT_EQ(reader->info().smallest_sequence, base);
  EXPECT_EQ(reader->info().largest_sequence, base);
  const auto found = reader->Find(key::LookupKey(Key(7), base), true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->lookup.state, sstable::LookupState::kFound);
  EXPECT_EQ(found->lookup.tag.sequence(), base);
  const auto before = reader->Find(key::LookupKey(Key(7), key::SequenceNumber{999}), true);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->lookup.state, sstable::LookupState::kAbsent);
  const auto cursor = reader->NewCursor({.fill_cache = true, .sequential = true, .upper_bound = {}});
  uint64_t entries = 0;
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next(), ++entries) {
    ASSERT_EQ(cursor->entry().tag.sequence(), base);
  }
  EXPECT_EQ(entries, 3'000u);
}

}  // namespace
}  // namespace amethyst
