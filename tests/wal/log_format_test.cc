#include "wal/log_format.h"

#include <gtest/gtest.h>

#include "base/coding.h"
#include "support/format_document.h"
#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

TEST(LogFormat, IsWhatTheDocumentShows) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  ASSERT_TRUE(harness.log().SyncAll());
  WriteBatch fruit;
  fruit.Put("apple", "artichoke");
  fruit.Delete("banana");
  const auto end = harness.Append(std::string(fruit.Representation()), fruit.Count());
  ASSERT_TRUE(end);
  ASSERT_TRUE(harness.log().Sync(*end));
  ASSERT_TRUE(harness.Tick());
  WriteBatch empty;
  empty.Put("", "");
  ASSERT_TRUE(harness.Append(std::string(empty.Representation())));
  const std::string written = harness.TakeImage().begin()->second;
  EXPECT_EQ(test::DumpsOf("wal.md").at("segment"), written.substr(0, harness.log().end().offset));
}

TEST(LogFormat, SegmentHeadersComeBack) {
  const SegmentHeader header{.database_uid = {.low = 1, .high = 2},
                             .segment = key::FileNumber{9},
                             .cut = {.segment = key::FileNumber{7},
                                     .offset = 4096,
                                     .last_sequence = key::SequenceNumber{55},
                                     .next_ordinal = uint64_t{1} << 40,
                                     .chained_checksum = ~uint64_t{0}},
                             .durable = {.segment = key::FileNumber{7}, .offset = 800}};
  std::array<char, kSegmentHeaderBytes> bytes;
  EncodeSegmentHeader(header, bytes);
  const auto decoded = DecodeSegmentHeader({bytes.data(), bytes.size()});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->segment, header.segment);
  EXPECT_EQ(decoded->database_uid, header.database_uid);
  EXPECT_EQ(decoded->cut, header.cut);
  EXPECT_EQ(decoded->durable, header.durable);
  EXPECT_EQ(decoded->Begin().next_ordinal, header.cut.next_ordinal);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 0x10;
    EXPECT_FALSE(DecodeSegmentHeader({bytes.data(), bytes.size()})) << i;
    bytes[i] ^= 0x10;
    EXPECT_FALSE(DecodeSegmentHeader({bytes.data(), i})) << i;
  }
}

TEST(LogFormat, TwoVersionsOfASegmentAreRead) {
  for (const uint32_t version : {0u, 1u, 2u, 3u, ~0u}) {
    SegmentHeader header;
    header.version = version;
    header.database_uid = {.low = 1, .high = 2};
    header.segment = key::FileNumber{9};
    std::array<char, kSegmentHeaderBytes> bytes;
    EncodeSegmentHeader(header, bytes);
    const auto decoded = DecodeSegmentHeader({bytes.data(), bytes.size()});
    ASSERT_EQ(decoded.has_value(), version == 1 || version == 2);
    if (decoded) {
      EXPECT_EQ(decoded->version, version);
    } else {
      EXPECT_EQ(decoded.error().code(), ErrorCode::kNotSupported);
      EXPECT_NE(decoded.error().message().find("version " + std::to_string(version)), std::string::npos);
    }
  }
}

// I5
TEST(LogFormat, RecordHeadersComeBackAndKnowTheirPlace) {
  const RecordHeader header{.length = 177,
                            .count = 3,
                            .kind = RecordKind::kBatch,
                            .first = key::kSequenceMax,
                            .ordinal_low = 0xfffffffe,
                            .durable_offset = 4096};
  const base::Location place{.owner = ChecksumOwner({.low = 5, .high = 6}, key::FileNumber{1}), .offset = 8192};
  char bytes[kRecordHeaderBytes];
  const uint64_t checksum = EncodeRecordHeader(header, 99, place, bytes);
  const RecordHeader decoded = DecodeRecordHeader(bytes);
  EXPECT_EQ(decoded.checksum, checksum);
  EXPECT_EQ(decoded.length, header.length);
  EXPECT_EQ(decoded.count, header.count);
  EXPECT_EQ(decoded.kind, header.kind);
  EXPECT_EQ(decoded.first, header.first);
  EXPECT_EQ(decoded.ordinal_low, header.ordinal_low);
  EXPECT_EQ(decoded.durable_offset, header.durable_offset);
  EXPECT_EQ(decoded.padded_bytes(), 184u);
  EXPECT_EQ(RecordChecksum(bytes, 99, place), checksum);
  EXPECT_NE(RecordChecksum(bytes, 98, place), checksum);
  EXPECT_NE(RecordChecksum(bytes, 99, {.owner = place.owner, .offset = 8200}), checksum);
  const base::Uid next_segment = ChecksumOwner({.low = 5, .high = 6}, key::FileNumber{2});
  EXPECT_NE(RecordChecksum(bytes, 99, {.owner = next_segment, .offset = 8192}), checksum);
}

// I1, I9
TEST(LogFormat, RecordsThatDoNotFollowAreRefused) {
  const LogCut before{.segment = key::FileNumber{1},
                      .offset = 104,
                      .last_sequence = key::SequenceNumber{10},
                      .next_ordinal = (uint64_t{1} << 32) + 5};
  const RecordHeader good{.checksum = 1,
                          .length = 40,
                          .count = 2,
                          .kind = RecordKind::kBatch,
                          .first = key::SequenceNumber{12},
                          .ordinal_low = 5};
  const auto passes = [&](auto change) {
    RecordHeader record = good;
    change(record);
    LogCut end = before;
    return PassRecord(record, &end).has_value();
  };
  EXPECT_TRUE(passes([](RecordHeader&) {})) << "a gap in the sequence is no gap: some writes are not logged";
  EXPECT_FALSE(passes([](RecordHeader& record) { record.ordinal_low = 6; }));
  EXPECT_FALSE(passes([](RecordHeader& record) { record.ordinal_low = 4; }));
  EXPECT_FALSE(passes([](RecordHeader& record) { record.first = key::SequenceNumber{10}; }));
  EXPECT_FALSE(passes([](RecordHeader& record) { record.first = key::kSequenceMax; }));
  EXPECT_FALSE(passes([](RecordHeader& record) { record.count = 3; })) << "more entries than there are bytes for";
  EXPECT_FALSE(passes([](RecordHeader& record) { record.count = 0; }));
  EXPECT_FALSE(passes([](RecordHeader& record) { record.kind = RecordKind::kWatermark; }));
  LogCut end = before;
  ASSERT_TRUE(PassRecord(good, &end));
  EXPECT_EQ(end.offset, 144u);
  EXPECT_EQ(end.last_sequence, key::SequenceNumber{13});
  EXPECT_EQ(end.next_ordinal, before.next_ordinal + 1);
  EXPECT_NE(end.chained_checksum, 0u);
}

TEST(LogFormat, FileNamesHaveSixDigitsOrMore) {
  EXPECT_EQ(SegmentFileName(key::FileNumber{12}), "000012.wal");
  EXPECT_EQ(SegmentFileName(key::FileNumber{12345678}), "12345678.wal");
}

}  // namespace
}  // namespace amethyst::wal
