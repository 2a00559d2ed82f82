// A batch is limited by its bytes, however many entries they are and however much memory those take; and it stays
// whole.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "amethyst/db.h"
#include "support/copy_live.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::OpenOrFail;
using support::Text;

constexpr size_t kBatchMiB = size_t{1} << 20;

class LargeBatch : public testing::Test {
 protected:
  LargeBatch() {
    options_.memory_budget_bytes = 16 * kBatchMiB;
    options_.write_buffer_bytes = 256 << 10;
  }
  // The smallest entries that there are, of about `bytes`.
  static WriteBatch OfDeletes(size_t bytes) {
    WriteBatch batch;
    for (uint32_t i = 0; batch.ByteSize() < bytes; ++i) batch.Delete(KeyOf(i));
    return batch;
  }
  static WriteBatch OfPuts(uint32_t entries) {
    WriteBatch batch;
    for (uint32_t i = 0; i < entries; ++i) batch.Put(KeyOf(i), "v");
    return batch;
  }
  static std::string KeyOf(uint32_t i) {
    std::string key;
    for (; i > 0; i >>= 8) key.push_back(static_cast<char>(i & 0xff));
    return key;
  }
  static uint64_t Count(DB& db) {
    uint64_t entries = 0;
    Iterator walk = db.NewIterator();
    for (walk.SeekToFirst(); walk.Valid(); walk.Next()) ++entries;
    EXPECT_TRUE(walk.status());
    return entries;
  }

  const support::TempDirectory directory_;
  Options options_;
};

TEST_F(LargeBatch, GoesUpToItsBytesWhateverItsEntriesTakeInMemory) {
  const auto db = OpenOrFail(directory_.path(), options_);
  const WriteBatch most = OfDeletes(4 * kBatchMiB - 16);
  ASSERT_LE(most.ByteSize(), 4 * kBatchMiB);
  EXPECT_EQ(Text(db->Write(most)), "");
  EXPECT_EQ(Text(db->Write(OfPuts(400'000))), "");
  EXPECT_EQ(Text(db->Write(most)), "") << "one after the other";
  EXPECT_EQ(Count(*db), 0u);
  EXPECT_EQ(CodeOf(db->Write(OfDeletes(4 * kBatchMiB + 1))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Text(db->Write(OfPuts(400'000))), "");
  EXPECT_EQ(Text(db->Put("small ones go on", "v")), "");
  EXPECT_EQ(Count(*db), 400'001u);
  ASSERT_EQ(Text(db->Flush()), "");
  EXPECT_LT(db->GetStats().memtable_bytes, kBatchMiB) << "its memory is not kept";
}

TEST_F(LargeBatch, OfATransactionIsTakenToo) {
  const auto db = OpenOrFail(directory_.path(), options_);
  Transaction transaction = db->Begin();
  for (uint32_t i = 0; i < 200'000; ++i) ASSERT_EQ(Text(transaction.Put(KeyOf(i), "v")), "");
  EXPECT_EQ(*transaction.Get(KeyOf(77'777)).value(), "v");
  ASSERT_EQ(Text(transaction.Commit()), "");
  EXPECT_EQ(Count(*db), 200'000u);
}

TEST_F(LargeBatch, OfRangeDeletesIsLimitedByTheirMemory) {
  const auto db = OpenOrFail(directory_.path(), options_);
  WriteBatch batch;
  for (uint32_t i = 0; i < 200'000; ++i) batch.DeleteRange("a", "b");
  EXPECT_LT(batch.ByteSize(), 4 * kBatchMiB);
  EXPECT_EQ(CodeOf(db->Write(batch)), ErrorCode::kInvalidArgument);
}

TEST_F(LargeBatch, IsThereAsAWholeOrNotAtAllAfterACrash) {
  constexpr uint32_t kEntries = 400'000;
  const support::TempDirectory copies;
  const std::string whole = copies.File("whole"), torn = copies.File("torn");
  {
    const auto db = OpenOrFail(directory_.path(), options_);
    ASSERT_EQ(Text(db->Put("before", "v")), "");
    ASSERT_EQ(Text(db->Write(OfPuts(kEntries))), "");
    support::CopyLive(directory_.path(), whole);
    support::CopyLive(directory_.path(), torn);
  }
  std::filesystem::path largest;
  for (const auto& file : std::filesystem::directory_iterator(torn)) {
    if (file.path().extension() == ".wal" &&
        (largest.empty() || file.file_size() > std::filesystem::file_size(largest))) {
      largest = file.path();
    }
  }
  ASSERT_FALSE(largest.empty());
  {
    std::fstream log(largest, std::ios::in | std::ios::out | std::ios::binary);
    log.seekp(2 * kBatchMiB);
    log << "this is not what stood there";
  }
  for (const std::string& path : {whole, torn}) {
    const auto db = OpenOrFail(path, options_);
    ASSERT_NE(db, nullptr);
    EXPECT_EQ(*db->Get("before").value(), "v");
    EXPECT_EQ(Count(*db), path == whole ? kEntries + 1 : 1u);
  }
}

}  // namespace
}  // namespace amethyst
