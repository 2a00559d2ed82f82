// Covers: damage
#include "torture/at_rest.h"

#include <gtest/gtest.h>

#include "base/sanitizer.h"

namespace amethyst::torture {
namespace {

// Under a sanitizer, every fourth byte is flipped and every fourth length tried; the release build tries them all.
constexpr uint64_t kByteStride = AMETHYST_ADDRESS_SANITIZER ? 4 : 1;

void Damage(AtRestSuite::Settings settings, uint64_t corruptions_min) {
  settings.byte_stride = kByteStride;
  AtRestReport report;
  AtRestSuite(settings).Run(&report);
  EXPECT_EQ(report.violation, "");
  EXPECT_GE(report.corruptions, corruptions_min / kByteStride);
  EXPECT_GT(report.detected, report.corruptions / 2);
  testing::Test::RecordProperty("corruptions", static_cast<int>(report.corruptions));
}

TEST(AtRest, FindsEveryDamageOrIsNotHarmedByIt) { Damage({.compression = Compression::kLz4}, 15'000); }
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

}  // namespace
}  // namespace amethyst::torture
