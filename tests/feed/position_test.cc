#include "feed/position.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "support/database.h"

namespace amethyst::feed {
namespace {

using support::CodeOf;

TEST(FeedPosition, ComesBackFromItsTextAndNoOtherTextIsOne) {
  base::Random random(1);
  for (int i = 0; i < 200; ++i) {
    FeedPosition position;
    for (uint64_t* number : {&position.database_high, &position.database_low, &position.segment, &position.offset,
                             &position.sequence, &position.ordinal, &position.checksum}) {
      *number = random() >> random.Below(64);
    }
    const std::string text = position.ToString();
    EXPECT_LE(text.size(), 210u);
    EXPECT_EQ(FeedPosition::FromString(text).value(), position);
    for (size_t at = 0; at < text.size(); ++at) {
      std::string other = text;
      other[at] = static_cast<char>(other[at] ^ (1 << random.Below(7)));
      EXPECT_EQ(CodeOf(FeedPosition::FromString(other)), ErrorCode::kInvalidArgument) << other;
      EXPECT_EQ(CodeOf(FeedPosition::FromString(text.substr(0, at))), ErrorCode::kInvalidArgument);
    }
    EXPECT_EQ(CodeOf(FeedPosition::FromString(text + " ")), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(CodeOf(FeedPosition::FromString("")), ErrorCode::kInvalidArgument);
}

TEST(FeedPosition, IsAPlaceOfItsOwnDatabaseWithinBounds) {
  const base::Uid uid{.low = 1, .high = 2};
  const wal::LogCut place{.segment = key::FileNumber{3},
                          .offset = 400,
                          .last_sequence = key::SequenceNumber{50},
                          .next_ordinal = 6,
                          .chained_checksum = 7};
  EXPECT_EQ(PlaceOf(uid, PositionOf(uid, place)), place);
  EXPECT_EQ(CodeOf(PlaceOf({.low = 2, .high = 1}, PositionOf(uid, place))), ErrorCode::kInvalidArgument);
  FeedPosition far = PositionOf(uid, place);
  far.sequence = uint64_t{1} << 60;
  EXPECT_EQ(CodeOf(PlaceOf(uid, far)), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace amethyst::feed
