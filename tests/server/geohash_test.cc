// Covers: geohash
#include "server/types/geohash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace amethyst::server {
namespace {

double DrawBetween(base::Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) / 0x1p53;
}

GeoPoint DrawPoint(base::Random& random) {
  return {.longitude = DrawBetween(random, -kLongitudeMax, kLongitudeMax),
          .latitude = DrawBetween(random, -kLatitudeMax, kLatitudeMax)};
}

TEST(GeoHashTest, APlaceAndItsHash) {
  const GeoPoint palermo{.longitude = 13.361389, .latitude = 38.115556};
  EXPECT_EQ(GeoHashOf(palermo), 3479099956230698U);
  const GeoPoint back = PointOfScore(3479099956230698.0);
  EXPECT_DOUBLE_EQ(back.longitude, 13.36138933897018433);
  EXPECT_DOUBLE_EQ(back.latitude, 38.11555639549629859);
  EXPECT_EQ(GeoHashText(back), "sqc8b49rny0");
}

TEST(GeoHashTest, APointComesBackWithinItsCell) {
  base::Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const GeoPoint point = DrawPoint(random);
    const uint64_t hash = GeoHashOf(point);
    ASSERT_LT(hash, uint64_t{1} << 52);
    const GeoPoint back = PointOfScore(static_cast<double>(hash));
    EXPECT_LT(std::fabs(back.longitude - point.longitude), 3e-6);
    EXPECT_LT(std::fabs(back.latitude - point.latitude), 2e-6);
    EXPECT_EQ(GeoHashOf(back), hash);
  }
}

TEST(GeoHashTest, TheGridHasItsEnds) {
  EXPECT_TRUE(IsOnGrid({.longitude = 180, .latitude = kLatitudeMax}));
  EXPECT_FALSE(IsOnGrid({.longitude = 180.1, .latitude = 0}));
  EXPECT_FALSE(IsOnGrid({.longitude = 0, .latitude = -85.1}));
  for (const double score : {-1.0, -1e300, 1e300, 0x1p63, HUGE_VAL, -HUGE_VAL}) {
    EXPECT_TRUE(IsOnGrid(PointOfScore(score))) << score;
  }
}

TEST(GeoHashTest, DistancesAreThoseOfASphere) {
  EXPECT_EQ(DistanceBetween({.longitude = 7, .latitude = 8}, {.longitude = 7, .latitude = 8}), 0);
  const double quarter = DistanceBetween({.longitude = 0, .latitude = 0}, {.longitude = 90, .latitude = 0});
  EXPECT_NEAR(quarter, 6372797.560856 * M_PI / 2, 1e-3);
  EXPECT_NEAR(DistanceBetween({.longitude = 5, .latitude = 0}, {.longitude = 5, .latitude = 45}), quarter / 2, 1e-3);
}

TEST(GeoHashTest, TheFarSideOfTheEarthHasADistance) {
  base::Random random(3);
  for (int i = 0; i < 10'000; ++i) {
    const GeoPoint point = DrawPoint(random);
    const GeoPoint far{.longitude = point.longitude + (point.longitude < 0 ? 180 : -180), .latitude = -point.latitude};
    EXPECT_NEAR(DistanceBetween(point, far), 6372797.560856 * M_PI, 1);
  }
}

TEST(GeoHashTest, ABoxHasStraightSides) {
  const GeoShape box{.center = {.longitude = 10, .latitude = 0}, .is_box = true, .width = 4000, .height = 2000};
  EXPECT_TRUE(DistanceWithin(box, {.longitude = 10.017, .latitude = 0.008}));
  EXPECT_FALSE(DistanceWithin(box, {.longitude = 10.019, .latitude = 0}));
  EXPECT_FALSE(DistanceWithin(box, {.longitude = 10, .latitude = 0.01}));
}

// The ranges of a shape hold each point within it, as far as the date line is not crossed.
TEST(GeoHashTest, RangesCoverTheirShape) {
  base::Random random(2);
  for (int i = 0; i < 300; ++i) {
    GeoShape shape{.center = {.longitude = DrawBetween(random, -100, 100), .latitude = DrawBetween(random, -70, 70)},
                   .is_box = random.OneIn(2)};
    const double size = std::pow(10, DrawBetween(random, 1, 6));
    shape.radius = size;
    shape.width = size * DrawBetween(random, 0.1, 2);
    shape.height = size * DrawBetween(random, 0.1, 2);
    const auto ranges = RangesOver(shape);
    ASSERT_LE(ranges.size(), 9U);
    const double degrees = size / 60'000;
    for (int j = 0; j < 300; ++j) {
      const GeoPoint point{.longitude = shape.center.longitude + DrawBetween(random, -degrees, degrees),
                           .latitude = shape.center.latitude + DrawBetween(random, -degrees, degrees)};
      if (!IsOnGrid(point) || !DistanceWithin(shape, point)) continue;
      const uint64_t hash = GeoHashOf(point);
      EXPECT_TRUE(std::ranges::any_of(
          ranges, [&](const GeoHashRange& range) { return hash >= range.first && hash < range.end; }))
          << shape.center.longitude << " " << shape.center.latitude << " " << size;
    }
  }
}

TEST(GeoHashTest, TheWholeEarthHasFourCells) {
  EXPECT_EQ(RangesOver({.center = {.longitude = 1, .latitude = 1}, .radius = 3e7}).size(), 4U);
  EXPECT_EQ(RangesOver({.center = {.longitude = 1, .latitude = 1}, .radius = HUGE_VAL}).size(), 4U);
}

}  // namespace
}  // namespace amethyst::server
