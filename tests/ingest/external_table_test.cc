// Covers: external_table, external_table_writer
#include "ingest/external_table.h"

#include <gtest/gtest.h>

#include "cache/memory_budget.h"
#include "ingest/external_table_writer.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"

namespace amethyst::ingest {
namespace {

class ExternalTable : public testing::Test {
 protected:
  std::string Write(const std::vector<std::string>& keys, const std::vector<key::Range>& deletes = {}) {
    const std::string path = "/" + std::to_string(files_++);
    auto table = ExternalTableWriter::Create(environment_, path, {}).value();
    for (const key::Range& range : deletes) EXPECT_TRUE(table->AddRangeDelete(range));
    for (const std::string& key : keys) EXPECT_TRUE(table->Add(key::EntryKind::kPut, key, "value"));
    EXPECT_TRUE(table->Finish());
    return path;
  }
  Result<IncomingTable> Read(const std::string& path) {
    auto file = environment_->files().Open(path);
    return ReadExternalTable(std::move(*file), {.name = "default"}, budget_.cache(), Reading::kAll);
  }
  // Whether tables may come in one call.
  bool AreDisjoint(const std::vector<std::string>& paths) {
    std::vector<IncomingTable> tables;
    for (const std::string& path : paths) tables.push_back(Read(path).value());
    return CheckDisjoint(tables, paths, [this](key::FamilyId) -> const key::Order& { return order_; }).has_value();
  }

  std::shared_ptr<io::Environment> environment_ =
      std::make_shared<simulation::SerialEnvironment>(std::make_shared<io::MemoryFileSystem>(), 1);
  cache::MemoryBudget budget_{size_t{16} << 20, CachePolicy::kScanResistant};
  const key::Order order_{};
  int files_ = 0;
};

TEST_F(ExternalTable, TellsWhatItHolds) {
  const auto table = Read(Write({"b", "c"}, {{.begin = "a", .end = "d"}}));
  ASSERT_TRUE(table) << table.error().ToString();
  EXPECT_EQ(table->added.info.entries, 2u);
  EXPECT_EQ(table->range_deletes.size(), 1u);
  EXPECT_FALSE(table->has_operands);
}

TEST_F(ExternalTable, OverlapsByItsKeysOrByWhatItDeletesOfOthers) {
  const std::string first = Write({"a", "c"});
  EXPECT_TRUE(AreDisjoint({Write({"d", "f"}), first}));
  EXPECT_FALSE(AreDisjoint({first, Write({"c", "f"})}));
  EXPECT_FALSE(AreDisjoint({first, Write({"b"})}));
  EXPECT_FALSE(AreDisjoint({first, Write({"x"}, {{.begin = "b", .end = "d"}})}));
  EXPECT_FALSE(AreDisjoint({first, Write({"x"}, {{.begin = {}, .end = {}}})}));
  EXPECT_TRUE(AreDisjoint({first, Write({"x"}, {{.begin = "d", .end = "z"}})}));
  EXPECT_TRUE(AreDisjoint({first, Write({"x"}, {{.begin = "0", .end = "a"}})}));
}

TEST_F(ExternalTable, RangeDeletesAreReadOfTheTableThatIsMeantAlone) {
  const std::string path = Write({"b"}, {{.begin = "a", .end = "d"}});
  sstable::TableInfo info = Read(path)->added.info;
  ASSERT_TRUE(info.AddToSequences(key::SequenceNumber{9}));
  const auto ranges = ReadRangeDeletes(std::move(*environment_->files().Open(path)), info, order_, budget_.cache());
  ASSERT_TRUE(ranges) << ranges.error().ToString();
  EXPECT_EQ(ranges->size(), 1u);
  const std::string other = Write({"b"});
  EXPECT_FALSE(ReadRangeDeletes(std::move(*environment_->files().Open(other)), info, order_, budget_.cache()));
}

}  // namespace
}  // namespace amethyst::ingest
