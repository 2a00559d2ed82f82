#include "sstable/read_buffer.h"

#include <cstring>

#include "sstable/table_fixture.h"

namespace amethyst::sstable {
namespace {

class ReadBufferTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kBytes = uint64_t{8} << 20;
  ReadBufferTest() {
    base::Random random(1);
    content_.resize(kBytes);
    for (size_t at = 0; at < kBytes; at += sizeof(uint64_t)) {
      const uint64_t word = random();
      std::memcpy(content_.data() + at, &word, sizeof word);
    }
    auto file = files_.Create("/file").value();
    EXPECT_TRUE(file->Append(content_).has_value() && file->Close().has_value());
    file_ = std::make_unique<CountedFile>(files_.Open("/file").value());
  }
  [[nodiscard]] static BlockHandle At(uint64_t offset, uint32_t bytes = 4083) {
    return {.offset = offset, .stored_bytes = bytes, .raw_bytes = bytes};
  }
  void Walk(ReadBuffer& buffer, uint64_t begin, uint64_t end, uint64_t limit) {
    for (uint64_t offset = begin; offset + 4096 <= end; offset += 4096) {
      ASSERT_TRUE(buffer.Get(*file_, At(offset), limit).has_value());
    }
  }

  std::string content_;
  io::MemoryFileSystem files_;
  std::unique_ptr<CountedFile> file_;
};

TEST_F(ReadBufferTest, HandsOutTheFilesBytes) {
  for (const ReadBuffer::Windows& windows : {ReadBuffer::kLarge, ReadBuffer::kSmall}) {
    ReadBuffer buffer(windows);
    base::Random random(2);
    uint64_t offset = 0;
    while (offset < kBytes - 400000) {
      const BlockHandle handle = At(offset, static_cast<uint32_t>(1 + random.Below(random.OneIn(20) ? 300000 : 5000)));
      const std::string_view expected = std::string_view(content_).substr(offset, handle.stored_bytes + kTrailerBytes);
      ASSERT_EQ(buffer.Get(*file_, handle, kBytes).value(), expected);
      offset = handle.end();
      if (random.OneIn(100)) offset = random.Below(kBytes / 2) + offset / 2;
    }
  }
}

TEST_F(ReadBufferTest, ReadsInLargerAndLargerPieces) {
  ReadBuffer large(ReadBuffer::kLarge);
  Walk(large, 0, kBytes, kBytes);
  EXPECT_LE(file_->reads(), 3 + kBytes / ReadBuffer::kLarge.max_bytes);
  const uint64_t before = file_->reads();
  ReadBuffer small(ReadBuffer::kSmall);
  Walk(small, 0, ReadBuffer::kSmall.first_bytes, kBytes);
  EXPECT_EQ(file_->reads() - before, 1u);
  Walk(small, ReadBuffer::kSmall.first_bytes, kBytes, kBytes);
  EXPECT_LE(file_->reads() - before, 3 + kBytes / ReadBuffer::kSmall.max_bytes);
}

TEST_F(ReadBufferTest, AsksForTheNextPieceFromTheSecondInARowOn) {
  ReadBuffer buffer(ReadBuffer::kSmall);
  Walk(buffer, 0, ReadBuffer::kSmall.first_bytes, kBytes);
  EXPECT_EQ(file_->prefetched_end(), 0u);
  Walk(buffer, ReadBuffer::kSmall.first_bytes, ReadBuffer::kSmall.first_bytes + 4096, kBytes);
  EXPECT_EQ(file_->prefetched_end(), 5 * ReadBuffer::kSmall.first_bytes);
  ReadBuffer scattered(ReadBuffer::kSmall);
  for (uint64_t offset = kBytes - 4096; offset > kBytes / 2; offset -= 65536)
    Walk(scattered, offset, offset + 4096, kBytes);
  EXPECT_EQ(file_->prefetched_end(), 5 * ReadBuffer::kSmall.first_bytes);
}

TEST_F(ReadBufferTest, StopsAtTheLimit) {
  ReadBuffer buffer(ReadBuffer::kSmall);
  Walk(buffer, 0, 40960, 50000);
  EXPECT_EQ(file_->reach(), 50000u);
  ReadBuffer bounded(ReadBuffer::kLarge);
  EXPECT_TRUE(bounded.Get(*file_, At(kBytes - 4096), kBytes).has_value());
  const auto behind_the_end = bounded.Get(*file_, At(kBytes - 4000), kBytes + 96);
  EXPECT_EQ(behind_the_end.error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace amethyst::sstable
