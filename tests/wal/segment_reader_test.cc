#include "wal/segment_reader.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "support/newer_log.h"
#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

// A segment, read back with what was seen.
struct Shown {
  SegmentSummary summary;
  std::vector<SegmentRecord> records;
  std::vector<std::string> payloads;
};

Shown Show(const std::string& bytes) {
  io::MemoryFileSystem files;
  auto created = files.Create("/000001.wal");
  AMETHYST_ASSERT(created.has_value() && (*created)->Append(bytes).has_value());
  auto file = files.Open("/000001.wal");
  Shown shown;
  auto summary = ReadSegment(**file, [&](const SegmentRecord& record) {
    shown.records.push_back(record);
    shown.payloads.emplace_back(record.payload);
  });
  AMETHYST_ASSERT(summary.has_value());
  shown.summary = *summary;
  return shown;
}

// A file of zeros that claims any size, with some bytes at its front.
class SparseFile final : public io::RandomAccessFile {
 public:
  SparseFile(std::string front, uint64_t bytes) : front_(std::move(front)), bytes_(bytes) {}
  Result<size_t> ReadAt(uint64_t offset, std::span<char> to) const override {
    largest_read_ = std::max(largest_read_, to.size());
    const size_t count = offset < bytes_ ? std::min<uint64_t>(to.size(), bytes_ - offset) : 0;
    std::fill_n(to.begin(), count, '\0');
    if (offset < front_.size())
      std::copy_n(front_.begin() + offset, std::min(count, front_.size() - offset), to.begin());
    return count;
  }
  void Prefetch(uint64_t, uint64_t) const override {}
  Result<uint64_t> Size() const override { return bytes_; }
  const std::string& path() const override { return path_; }
  [[nodiscard]] size_t largest_read() const { return largest_read_; }

 private:
  const std::string front_;
  const uint64_t bytes_;
  const std::string path_ = "/sparse.wal";
  mutable size_t largest_read_ = 0;
};

TEST(ReadSegment, ShowsHeaderRecordsAndWatermarks) {
  LogHarness harness(64 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(1);
  const std::string first = SomeBatch(random, 100);
  const std::string second = SomeBatch(random, 5000);
  ASSERT_TRUE(harness.Append(first));
  ASSERT_TRUE(harness.Tick());
  ASSERT_TRUE(harness.Append(second));
  const Shown shown = Show(harness.TakeImage().begin()->second);
  ASSERT_TRUE(shown.summary.header);
  EXPECT_EQ(shown.summary.header->segment, key::FileNumber{1});
  EXPECT_EQ(shown.summary.damage, "");
  EXPECT_EQ(shown.summary.end.position(), harness.log().end());
  ASSERT_EQ(shown.records.size(), 3u);
  EXPECT_EQ(shown.summary.records, 3u);
  EXPECT_EQ(shown.payloads, (std::vector<std::string>{first, "", second}));
  EXPECT_EQ(shown.records[1].kind, RecordKind::kWatermark);
  EXPECT_EQ(shown.records[1].durable_offset, shown.records[1].offset);
  EXPECT_EQ(shown.records[2].ordinal, 2u);
  EXPECT_EQ(shown.records[2].first, key::SequenceNumber{2});
}

TEST(ReadSegment, TellsWhereAndWhyItStops) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(2);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 60)));
  std::string bytes = harness.TakeImage().begin()->second;
  const uint64_t third = Show(bytes).records[2].offset;
  bytes[third + 40] ^= 1;
  const Shown shown = Show(bytes);
  EXPECT_EQ(shown.summary.records, 2u);
  EXPECT_EQ(shown.summary.end.offset, third);
  EXPECT_NE(shown.summary.damage.find("checksum"), std::string::npos);
  bytes[0] = 'B';
  EXPECT_FALSE(Show(bytes).summary.header);
  EXPECT_NE(Show(bytes).summary.damage, "");
  EXPECT_NE(Show("").summary.damage, "");
}

// A segment of one batch and a record of a kind that this build does not know.
std::string NewerSegment(uint8_t kind) {
  LogHarness harness;
  EXPECT_TRUE(harness.Open());
  base::Random random(5);
  EXPECT_TRUE(harness.Append(SomeBatch(random, 60)));
  std::string bytes = harness.TakeImage().begin()->second;
  support::StoreRecord(&bytes, support::EndOf(bytes), kind, 3, "of a newer build");
  return bytes;
}

TEST(ReadSegment, StopsAtARecordOfAnotherKindAndNamesIt) {
  for (const int kind : {4, 7, 255}) {
    const Shown shown = Show(NewerSegment(static_cast<uint8_t>(kind)));
    EXPECT_EQ(shown.summary.records, 1u);
    EXPECT_EQ(shown.summary.damage, fmt::format("record kind {} is not known to this build", kind));
  }
}

TEST(SegmentReader, TellsARecordOfAnotherKindFromArbitraryBytesByItsOrdinal) {
  const std::string bytes = NewerSegment(6);
  const SparseFile file(bytes, bytes.size());
  auto reader = SegmentReader::Create(file, LogHarness::kUid, key::FileNumber{1});
  ASSERT_TRUE(reader);
  for (const uint32_t first : {0u, 1u}) {
    const auto remains = reader->LookBehind(kSegmentHeaderBytes, {.first = first, .count = 2});
    ASSERT_FALSE(remains);
    EXPECT_EQ(remains.error().code(), ErrorCode::kNotSupported);
    EXPECT_NE(remains.error().message().find("record kind 6"), std::string::npos);
  }
  EXPECT_TRUE(reader->LookBehind(kSegmentHeaderBytes, {.first = 2, .count = 1000})) << "no record of this log";
}

// A tail whose values compress no more: any eight bytes of it can look like a record's header.
TEST(SegmentReader, LooksThroughMuchGarbageWithoutHashingIt) {
  base::Random random(7);
  std::string bytes(size_t{8} << 20, '\0');
  for (size_t at = 0; at < bytes.size(); at += 8) base::StoreFixed<uint64_t>(bytes.data() + at, random());
  const SparseFile file(bytes, bytes.size());
  auto reader = SegmentReader::Create(file, LogHarness::kUid, key::FileNumber{1});
  ASSERT_TRUE(reader);
  const auto remains = reader->LookBehind(0, {.first = 1'000'000, .count = bytes.size() / kRecordHeaderBytes});
  ASSERT_TRUE(remains) << remains.error().ToString();
  EXPECT_EQ(remains->content_end, bytes.size());
}

TEST(SegmentReader, HoldsALargeRecordOnlyOnceItsChecksumIsGood) {
  std::string front(kSegmentHeaderBytes + kRecordHeaderBytes, '\0');
  base::StoreFixed<uint64_t>(front.data() + kSegmentHeaderBytes, 1);
  base::StoreFixed<uint32_t>(front.data() + kSegmentHeaderBytes + 8, uint32_t{1} << 30);
  const SparseFile file(front, uint64_t{4} << 30);
  auto reader = SegmentReader::Create(file, LogHarness::kUid, key::FileNumber{1});
  ASSERT_TRUE(reader);
  const auto reading = reader->Read(kSegmentHeaderBytes);
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->found, SegmentReader::Found::kDamaged);
  EXPECT_LE(file.largest_read(), size_t{1} << 20);
}

TEST(SegmentReader, GivesUpOnBytesThatAreMadeToTakeForever) {
  // Every place claims to be a record that reaches to the end of the file.
  constexpr uint64_t kBytes = uint64_t{16} << 20;
  std::string front(kBytes, '\0');
  for (uint64_t offset = 8; offset + 64 < kBytes; offset += 32) {
    base::StoreFixed<uint64_t>(front.data() + offset, 1);
    base::StoreFixed<uint32_t>(front.data() + offset + 8, static_cast<uint32_t>(kBytes - offset - 8));
    front[offset + 16] = 1;
    base::StoreFixed<uint32_t>(front.data() + offset + 28, 1);
  }
  const SparseFile file(front, kBytes);
  auto reader = SegmentReader::Create(file, LogHarness::kUid, key::FileNumber{1});
  ASSERT_TRUE(reader);
  const auto remains = reader->LookBehind(0, {});
  ASSERT_FALSE(remains);
  EXPECT_EQ(remains.error().code(), ErrorCode::kCorruption);
}

TEST(SegmentReader, FindsAProofBehindAnyAmountOfGarbage) {
  LogHarness harness(8 << 20);
  ASSERT_TRUE(harness.Open());
  base::Random random(3);
  // Segments grow: of these large records the last two share one.
  ASSERT_TRUE(harness.Append(SomeBatch(random, 5 << 20)));
  const auto first = harness.Append(SomeBatch(random, 3 << 20));
  ASSERT_TRUE(first);
  ASSERT_TRUE(harness.log().Sync(*first));
  const auto second = harness.Append(SomeBatch(random, 2 << 20));
  ASSERT_TRUE(second);
  ASSERT_EQ(second->segment, first->segment);
  Image image = harness.TakeImage();
  std::string& bytes = std::prev(image.end())->second;
  base::StoreFixed<uint32_t>(bytes.data() + kSegmentHeaderBytes + 8, 77);  // The first record's length.
  const Recovered recovered = harness.Recover(image);
  ASSERT_FALSE(recovered.status);
  EXPECT_NE(recovered.status.error().message().find(std::to_string(first->offset)), std::string::npos)
      << recovered.status.error().ToString();
}

}  // namespace
}  // namespace amethyst::wal
