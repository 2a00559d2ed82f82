// Covers: damage
#include "torture/at_rest.h"

#include <gtest/gtest.h>

#include "base/sanitizer.h"

namespace amethyst::torture {
namespace {

// Of the bytes and the lengths, every so many is flipped and tried. The torture command's suite "rest" tries them all,
// of all sorts of databases.
constexpr uint64_t kEveryFourth = 4;
constexpr uint64_t kEach = AMETHYST_ADDRESS_SANITIZER ? kEveryFourth : 1;

void Damage(AtRestSuite::Settings settings, uint64_t corruptions_min, uint64_t byte_stride = kEveryFourth) {
  settings.byte_stride = byte_stride;
  AtRestReport report;
  AtRestSuite(settings).Run(&report);
  EXPECT_EQ(report.violation, "");
  EXPECT_GE(report.corruptions, corruptions_min / byte_stride);
  EXPECT_GT(report.detected, report.corruptions / 2);
  testing::Test::RecordProperty("corruptions", static_cast<int>(report.corruptions));
}

TEST(AtRest, FindsEveryDamageOrIsNotHarmedByIt) { Damage({.compression = Compression::kLz4}, 15'000, kEach); }
TEST(AtRest, FindsEveryDamageOfBlocksOfOneLength) { Damage({.compression = Compression::kNone}, 15'000); }
TEST(AtRest, FindsEveryDamageOfBlocksThatAreCompressedMore) { Damage({.compression = Compression::kZstd}, 14'000); }
TEST(AtRest, FindsEveryDamageWhereWritesWentPastTheLog) {
  Damage({.seed = 4, .left_as = LeftAs::kUnlogged, .compression = Compression::kLz4}, 15'000);
}
TEST(AtRest, FindsEveryDamageWhereTheLogIsOfTheNewerVersion) {
  Damage({.seed = 6, .segment_version = wal::kSegmentVersionMax, .compression = Compression::kLz4}, 15'000);
}
TEST(AtRest, FindsEveryDamageOfAClosedDatabase) {
  Damage({.seed = 5, .left_as = LeftAs::kClosed, .compression = Compression::kLz4}, 15'000);
}

TEST(AtRest, FindsEveryDamageOfFamiliesRangeDeletesOperandsExpiriesAndIngests) {
  Damage({.seed = 7, .compression = Compression::kLz4, .all_kinds = true}, 15'000);
}
TEST(AtRest, FindsEveryDamageOfAllKindsInAClosedDatabase) {
  Damage({.seed = 8, .left_as = LeftAs::kClosed, .compression = Compression::kNone, .all_kinds = true}, 15'000, 12);
}
TEST(AtRest, FindsEveryDamageOfAllKindsWhereWritesWentPastTheLog) {
  Damage({.seed = 9, .left_as = LeftAs::kUnlogged, .compression = Compression::kZstd, .all_kinds = true}, 15'000, 12);
}

}  // namespace
}  // namespace amethyst::torture
