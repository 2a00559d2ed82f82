// Places on the earth as numbers: the geohash of 52 bits that Redis keeps as the score of a sorted set.
//
// Longitude and latitude are each cut into 2^26 steps, and the bits of the two numbers are interleaved, longitude
// first. So the places of one cell of a coarser grid, with 2^n steps each way, have geohashes that follow one another.
// A search looks at the cell of its centre and at the cells around it, on the finest grid where these cover its area.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amethyst::server {

// In degrees.
struct GeoPoint {
  double longitude = 0;
  double latitude = 0;
};
inline constexpr double kLongitudeMax = 180;
// Nearer to the poles Web Mercator ends, whose range Redis has taken.
inline constexpr double kLatitudeMax = 85.05112878;

// False: no geohash can be given to it.
[[nodiscard]] bool IsOnGrid(const GeoPoint& point);
// Of a point on the grid.
[[nodiscard]] uint64_t GeoHashOf(const GeoPoint& point);
// The middle of the geohash's cell. Any score may be given.
[[nodiscard]] GeoPoint PointOfScore(double score);
// The eleven letters of geohash.org. Its cells reach to the poles, so this is another number in base 32.
[[nodiscard]] std::string GeoHashText(const GeoPoint& point);

// Over a sphere, in metres.
[[nodiscard]] double DistanceBetween(const GeoPoint& one, const GeoPoint& other);

// A circle, or a box whose sides lie along meridians and parallels. Lengths are in metres.
struct GeoShape {
  GeoPoint center{};
  bool is_box = false;
  double radius = 0;  // Of a circle.
  double width = 0;   // Of a box.
  double height = 0;
};
// The distance of a point from the centre; nullopt: it lies outside.
[[nodiscard]] std::optional<double> DistanceWithin(const GeoShape& shape, const GeoPoint& point);

// Geohashes from `first` up to `end`, which is not one of them.
struct GeoHashRange {
  uint64_t first = 0;
  uint64_t end = 0;
  friend bool operator==(const GeoHashRange&, const GeoHashRange&) = default;
};
// All points of the shape lie in these ranges, and others too. In the order in which Redis looks at them: the centre,
// north, south, east, west, then the corners. No range comes twice.
[[nodiscard]] std::vector<GeoHashRange> RangesOver(const GeoShape& shape);

}  // namespace amethyst::server
