// What a follower tells the feeds that are open on it. Covers: followed_log, follower_feeds
#include "engine/followed_log.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"
#include "wal/log_format.h"

namespace amethyst::engine {
namespace {

class FollowedLogTest : public testing::Test {
 protected:
  static wal::LogCut At(uint64_t segment, uint64_t offset) {
    return {.segment = key::FileNumber{segment}, .offset = offset};
  }
  // A segment that goes on where `previous` ends.
  void Write(uint64_t number, const wal::LogCut& previous) {
    char bytes[wal::kSegmentHeaderBytes];
    wal::EncodeSegmentHeader({.database_uid = kUid, .segment = key::FileNumber{number}, .cut = previous, .durable = {}},
                             bytes);
    auto file = files_.Create(io::JoinPath("/db", wal::SegmentFileName(key::FileNumber{number})));
    ASSERT_TRUE(file && (*file)->Append({bytes, sizeof bytes}) && (*file)->Close());
  }

  static constexpr base::Uid kUid{.low = 1, .high = 2};
  io::MemoryFileSystem files_;
  FollowedLog log_{{.files = &files_, .directory = "/db", .database_uid = kUid}};

  void SetUp() override { ASSERT_TRUE(files_.CreateDirectories("/db")); }
};

TEST_F(FollowedLogTest, SaysWhetherThereIsMoreAndWhatIsDurableStaysSo) {
  EXPECT_TRUE(log_.Note({.end = At(3, 200), .durable = At(3, 150).position()}));
  EXPECT_FALSE(log_.Note({.end = At(3, 200), .durable = At(2, 999).position()}));
  EXPECT_EQ(log_.reach().durable, At(3, 150).position());
  EXPECT_TRUE(log_.Note({.end = At(3, 200), .durable = {}, .in_tables = key::SequenceNumber{1}}));
  EXPECT_EQ(log_.end(), At(3, 200).position());
}

TEST_F(FollowedLogTest, FindsItsSegmentsByTheirHeaders) {
  EXPECT_TRUE(log_.Note({.end = At(3, 200), .durable = {}}));
  EXPECT_EQ(log_.BeginOfUnstarted(), At(3, 200)) << "of that segment nothing is there any more";
  Write(3, At(0, 0));
  EXPECT_EQ(log_.BeginOfUnstarted(), std::nullopt);
  Write(5, At(3, 200));
  Write(9, At(3, 160));  // Of a later recovery, which has cut the log.
  EXPECT_TRUE(log_.Has(key::FileNumber{5}).value());
  EXPECT_FALSE(log_.Has(key::FileNumber{4}).value());
  EXPECT_EQ(log_.SegmentBehind(key::FileNumber{3}).value(), key::FileNumber{9});
  EXPECT_EQ(log_.SegmentBehind(key::FileNumber{9}).value(), std::nullopt);
}

}  // namespace
}  // namespace amethyst::engine
