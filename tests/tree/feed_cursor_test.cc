#include "tree/feed_cursor.h"

#include <gtest/gtest.h>

#include "tree/version_edit.h"

namespace amethyst::tree {
namespace {

VersionEdit EditOf(const FeedCursor& cursor) {
  VersionEdit edit;
  edit.cursors.push_back(cursor);
  return edit;
}

TEST(FeedCursor, ComesBackAsItWasWrittenInEachState) {
  const wal::LogCut place{.segment = key::FileNumber{300},
                          .offset = 70'000,
                          .last_sequence = key::SequenceNumber{1'000'000},
                          .next_ordinal = 5,
                          .chained_checksum = 0x0123456789abcdef};
  for (const auto state : {FeedCursor::State::kDropped, FeedCursor::State::kAtPlace, FeedCursor::State::kLost}) {
    const bool has_place = state != FeedCursor::State::kDropped;
    const FeedCursor cursor{.name = "search", .state = state, .place = has_place ? place : wal::LogCut()};
    std::string bytes;
    cursor.AppendTo(&bytes);
    for (size_t length = 0; length <= bytes.size(); ++length) {
      FeedCursor read;
      std::string_view from = std::string_view(bytes).substr(0, length);
      const bool is_one = ReadFeedCursor(&from, &read);
      EXPECT_EQ(is_one, length == bytes.size()) << length;
      if (is_one) EXPECT_EQ(read, cursor);
    }
    std::string record;
    EditOf(cursor).AppendTo(&record);
    EXPECT_EQ(VersionEdit::FromBytes(record), EditOf(cursor));
    EXPECT_TRUE(record.ends_with(std::string("\x2c\x00", 2))) << "field 22, ignorable: what builds of before refuse";
  }
}

TEST(FeedCursor, WithoutANameOrInAnUnknownStateIsNone) {
  FeedCursor read;
  for (const std::string_view bytes : {std::string_view("\x00\x00", 2), std::string_view("\x03\x01z"
                                                                                         "12345678901234567890")}) {
    std::string_view from = bytes;
    EXPECT_FALSE(ReadFeedCursor(&from, &read));
  }
}

}  // namespace
}  // namespace amethyst::tree
