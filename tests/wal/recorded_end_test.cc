// What a segment header and the manifest say of the end of the segment before. Covers: log_recovery
#include <gtest/gtest.h>

#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

// A segment that is whole, but does not end as the next one or the manifest says: two histories mixed.
TEST(RecordedEnd, ASegmentThatDoesNotEndAsRecordedIsDamage) {
  LogHarness harness(512);
  ASSERT_TRUE(harness.Open());
  base::Random random(5);
  const key::FileNumber first = harness.log().current_segment();
  while (harness.log().current_segment() == first) ASSERT_TRUE(harness.Append(SomeBatch(random, 60)));
  const key::FileNumber second = harness.log().current_segment();
  ASSERT_TRUE(harness.log().SyncAll());
  const Image image = harness.TakeImage();
  ASSERT_TRUE(harness.Recover(image).status);
  const SegmentHeader header = *DecodeSegmentHeader(image.at(second));

  for (const auto& change : {+[](LogCut* cut) { ++cut->chained_checksum; }, +[](LogCut* cut) { ++cut->next_ordinal; },
                             +[](LogCut* cut) { cut->last_sequence = key::SequenceNumber{0}; }}) {
    SegmentHeader other = header;
    change(&other.cut);
    Image mixed = image;
    EncodeSegmentHeader(other, std::span<char, kSegmentHeaderBytes>(mixed[second].data(), kSegmentHeaderBytes));
    const Recovered recovered = harness.Recover(mixed);
    ASSERT_FALSE(recovered.status);
    EXPECT_EQ(recovered.status.error().code(), ErrorCode::kCorruption);
    EXPECT_NE(recovered.status.error().message().find("recorded end does not fit"), std::string::npos)
        << recovered.status.error().message();
  }
  LogCut clean_end = header.cut;
  clean_end.offset += kRecordAlignment;
  const Recovered by_the_manifest = harness.Recover(image, clean_end);
  ASSERT_FALSE(by_the_manifest.status);
  EXPECT_NE(by_the_manifest.status.error().message().find("by the manifest"), std::string::npos);
}

}  // namespace
}  // namespace amethyst::wal
