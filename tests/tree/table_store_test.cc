#include "tree/table_store.h"

#include <gtest/gtest.h>

#include "support/fault_file_system.h"
#include "tree/tables.h"

namespace amethyst::tree {
namespace {

using support::Operation;

class TableStoreTest : public testing::Test {
 protected:
  void CreateFiles() {
    for (uint64_t i = 1; i <= 3; ++i) FakeTable(0, i, "a", "b", store_.get());
  }
  std::vector<std::string> Names() { return files_.List(kDirectory).value(); }

  std::shared_ptr<io::Environment> memory_ = NewInMemoryEnvironment();
  support::FaultFileSystem files_{memory_->files()};
  std::shared_ptr<TableStore> store_ = NewStore(std::make_shared<support::FaultEnvironment>(*memory_, files_));
};

TEST_F(TableStoreTest, DeletesWhatIsObsoleteAndTriesAgainWhatFails) {
  CreateFiles();
  for (uint64_t i = 1; i <= 3; ++i) store_->AddObsolete(key::FileNumber{i});
  files_.Fail({.operation = Operation::kRemove, .call = 2});
  const Status first = store_->DeleteObsolete();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code(), ErrorCode::kIo);
  EXPECT_EQ(Names(), std::vector<std::string>{"000002.sst"});
  EXPECT_TRUE(store_->HasObsolete());
  EXPECT_TRUE(store_->DeleteObsolete());
  EXPECT_TRUE(Names().empty());
  EXPECT_FALSE(store_->HasObsolete());
}

TEST_F(TableStoreTest, DeletesNothingAfterClose) {
  CreateFiles();
  store_->AddObsolete(key::FileNumber{1});
  const auto handle = store_->Handle(key::FileNumber{2});
  EXPECT_TRUE(handle->Size());
  store_->Close();
  store_->AddObsolete(key::FileNumber{2});
  EXPECT_FALSE(store_->HasObsolete());
  EXPECT_TRUE(store_->DeleteObsolete());
  EXPECT_EQ(Names().size(), 3u);
  EXPECT_EQ(store_->open_files(), 0u);
  EXPECT_EQ(handle->Size().error().code(), ErrorCode::kClosed);
}

TEST_F(TableStoreTest, CreatesATableFileThatMustBeNew) {
  CreateFiles();
  EXPECT_EQ(store_->Path(key::FileNumber{4}), "/db/000004.sst");
  EXPECT_TRUE(store_->Create(key::FileNumber{4}));
  EXPECT_FALSE(store_->Create(key::FileNumber{4}));
}

}  // namespace
}  // namespace amethyst::tree
