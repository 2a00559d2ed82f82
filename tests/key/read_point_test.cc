#include "key/read_point.h"

#include <gtest/gtest.h>

namespace amethyst::key {
namespace {

TEST(ReadPoint, SeesWhatIsNoNewer) {
  const ReadPoint read = SequenceNumber{7};
  EXPECT_TRUE(read.Sees(SequenceNumber{0}));
  EXPECT_TRUE(read.Sees(SequenceNumber{7}));
  EXPECT_FALSE(read.Sees(SequenceNumber{8}));
}

TEST(ReadPoint, AtTheGreatestSequenceSeesEverything) { EXPECT_TRUE(ReadPoint(kSequenceMax).Sees(kSequenceMax)); }

}  // namespace
}  // namespace amethyst::key
