#include "tree/table.h"

#include <gtest/gtest.h>

#include <thread>

#include "tree/tables.h"

namespace amethyst::tree {
namespace {

const std::vector<support::OwnedEntry> kEntries = {{"a", key::SequenceNumber{1}, key::EntryKind::kPut, "value"}};

class TableTest : public testing::Test {
 protected:
  std::shared_ptr<io::Environment> environment_ = NewInMemoryEnvironment();
  std::shared_ptr<TableStore> store_ = NewStore(environment_);
};

TEST_F(TableTest, OpensOnceAndChargesItsReader) {
  const AddedTable added = WriteTable(*store_, 0, key::FileNumber{3}, kEntries);
  const size_t reserved_before = store_->budget().reserved_bytes();
  {
    const Table table(store_, added.number, added.info);
    EXPECT_EQ(table.reader(), nullptr);
    const auto first = table.Open();
    ASSERT_TRUE(first);
    EXPECT_EQ(table.reader(), *first);
    EXPECT_EQ(table.Open().value(), *first);
    EXPECT_EQ(store_->budget().reserved_bytes(), reserved_before + (*first)->memory_bytes());
    EXPECT_EQ(store_->open_files(), 1u);
  }
  EXPECT_EQ(store_->budget().reserved_bytes(), reserved_before);
  EXPECT_EQ(store_->open_files(), 0u);
  EXPECT_FALSE(store_->HasObsolete());
}

TEST_F(TableTest, OpenedByManyThreadsAtOnceKeepsOneReader) {
  const AddedTable added = WriteTable(*store_, 0, key::FileNumber{3}, kEntries);
  for (int round = 0; round < 50; ++round) {
    const Table table(store_, added.number, added.info);
    std::vector<const sstable::TableReader*> readers(4);
    std::vector<std::thread> threads;
    for (auto& reader : readers) threads.emplace_back([&] { reader = table.Open().value(); });
    for (std::thread& thread : threads) thread.join();
    for (const auto* reader : readers) EXPECT_EQ(reader, table.reader());
  }
}

TEST_F(TableTest, ReportsAFileThatDoesNotMatch) {
  AddedTable added = WriteTable(*store_, 0, key::FileNumber{3}, kEntries);
  added.info.uid.low ^= 1;
  const Table other(store_, added.number, added.info);
  ASSERT_FALSE(other.Open());
  EXPECT_EQ(other.reader(), nullptr);
  const Table missing(store_, key::FileNumber{4}, added.info);
  EXPECT_FALSE(missing.Open());
}

TEST_F(TableTest, ItsFileIsDeletedAfterTheLastReferenceToAnObsoleteOne) {
  const AddedTable added = WriteTable(*store_, 0, key::FileNumber{3}, kEntries);
  TablePtr table = std::make_shared<const Table>(store_, added.number, added.info);
  ASSERT_TRUE(table->Open());
  TablePtr iterator = table;
  table->MarkObsolete();
  table.reset();
  EXPECT_FALSE(store_->HasObsolete());
  EXPECT_TRUE(store_->DeleteObsolete());
  EXPECT_TRUE(environment_->files().Exists(store_->Path(added.number)).value());
  iterator.reset();
  EXPECT_TRUE(store_->HasObsolete());
  EXPECT_TRUE(environment_->files().Exists(store_->Path(added.number)).value());
  EXPECT_TRUE(store_->DeleteObsolete());
  EXPECT_FALSE(store_->HasObsolete());
  EXPECT_FALSE(environment_->files().Exists(store_->Path(added.number)).value());
}

}  // namespace
}  // namespace amethyst::tree
