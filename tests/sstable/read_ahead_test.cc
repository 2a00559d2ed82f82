#include "sstable/read_ahead.h"

#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

class ReadAheadTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kBytes = uint64_t{8} << 20;
  ReadAheadTest() {
    base::Random random(1);
    content_ = RandomBytes(random, kBytes);
    auto file = files_.Create("/file").value();
    EXPECT_TRUE(file->Append(content_).has_value() && file->Close().has_value());
    file_ = std::make_unique<CountedFile>(files_.Open("/file").value());
  }
  [[nodiscard]] static BlockHandle At(uint64_t offset, uint32_t bytes = 4083) {
    return {.offset = offset, .stored_bytes = bytes, .raw_bytes = bytes};
  }

  std::string content_;
  io::MemoryFileSystem files_;
  std::unique_ptr<CountedFile> file_;
};

TEST_F(ReadAheadTest, BeginsAtTheSecondMissInARowAndDoubles) {
  ReadAhead ahead;
  ahead.Visit(*file_, At(0), true, kBytes);
  EXPECT_EQ(file_->prefetched_end(), 0u);
  ahead.Visit(*file_, At(4096), true, kBytes);
  EXPECT_EQ(file_->prefetched_end(), 8192 + ReadAhead::kFirstBytes);
  for (uint64_t offset = 8192; offset < (1 << 20); offset += 4096) ahead.Visit(*file_, At(offset), true, kBytes);
  EXPECT_GT(file_->prefetched_end(), (1u << 20) + ReadAhead::kBytesMax / 2 - 8192);
  EXPECT_LE(file_->prefetched_end(), (1u << 20) + ReadAhead::kBytesMax);
}

TEST_F(ReadAheadTest, AsksForNothingWhereBlocksAreResidentOrScattered) {
  ReadAhead ahead;
  for (uint64_t offset = 0; offset < 100 * 4096; offset += 4096) ahead.Visit(*file_, At(offset), false, kBytes);
  for (uint64_t offset = 0; offset < 100 * 8192; offset += 8192) ahead.Visit(*file_, At(offset), true, kBytes);
  EXPECT_EQ(file_->prefetched_end(), 0u);
}

TEST_F(ReadAheadTest, StopsAtTheLimit) {
  ReadAhead ahead;
  for (uint64_t offset = 0; offset < 40960; offset += 4096) ahead.Visit(*file_, At(offset), true, 50000);
  EXPECT_EQ(file_->prefetched_end(), 50000u);
}

TEST_F(ReadAheadTest, BufferHandsOutTheFilesBytes) {
  ReadBuffer buffer;
  base::Random random(2);
  uint64_t offset = 0;
  while (offset < kBytes - 400000) {
    const BlockHandle handle = At(offset, static_cast<uint32_t>(1 + random.Below(random.OneIn(20) ? 300000 : 5000)));
    ASSERT_EQ(buffer.Get(*file_, handle, kBytes).value(), content_.substr(offset, handle.stored_bytes + kTrailerBytes));
    offset = handle.end();
    if (random.OneIn(100)) offset = random.Below(kBytes / 2) + offset / 2;
  }
}

TEST_F(ReadAheadTest, BufferReadsInLargePiecesUpToTheLimit) {
  ReadBuffer buffer;
  for (uint64_t offset = 0; offset + 4096 <= kBytes; offset += 4096) {
    ASSERT_TRUE(buffer.Get(*file_, At(offset), kBytes).has_value());
  }
  EXPECT_LE(file_->reads(), 3 + kBytes / ReadBuffer::kBytesMax);
  ReadBuffer bounded;
  EXPECT_TRUE(bounded.Get(*file_, At(kBytes - 4096), kBytes).has_value());
  const auto behind_the_end = bounded.Get(*file_, At(kBytes - 4000), kBytes + 96);
  EXPECT_EQ(behind_the_end.error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace amethyst::sstable
