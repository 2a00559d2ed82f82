#include "server/types/geohash.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

namespace amethyst::server {

namespace {

constexpr int kStepsMax = 26;
constexpr double kEarthRadiusMeters = 6372797.560856;
constexpr double kHalfEquatorMeters = 20037726.37;  // Of Web Mercator.
constexpr double kDegree = std::numbers::pi / 180;
constexpr std::string_view kAlphabet = "0123456789bcdefghjkmnpqrstuvwxyz";
constexpr int kLetters = 11;
constexpr int kBitsPerLetter = 5;

// A bit of zero goes in front of each bit.
uint64_t Spread(uint32_t number) {
  uint64_t bits = number;
  bits = (bits | bits << 16) & 0x0000FFFF0000FFFF;
  bits = (bits | bits << 8) & 0x00FF00FF00FF00FF;
  bits = (bits | bits << 4) & 0x0F0F0F0F0F0F0F0F;
  bits = (bits | bits << 2) & 0x3333333333333333;
  return (bits | bits << 1) & 0x5555555555555555;
}

// Every second bit, from the lowest on.
uint32_t Gather(uint64_t bits) {
  bits &= 0x5555555555555555;
  bits = (bits | bits >> 1) & 0x3333333333333333;
  bits = (bits | bits >> 2) & 0x0F0F0F0F0F0F0F0F;
  bits = (bits | bits >> 4) & 0x00FF00FF00FF00FF;
  bits = (bits | bits >> 8) & 0x0000FFFF0000FFFF;
  return static_cast<uint32_t>(bits | bits >> 16);
}

// A cell of the grid with 2^steps columns and rows. The columns and rows at the end lie one outside: there are the
// points of the largest longitude and latitude, as in Redis.
struct Cell {
  uint32_t column = 0;
  uint32_t row = 0;
  int steps = kStepsMax;
};

struct Area {
  GeoPoint low;
  GeoPoint high;
};

double Along(double value, double max) { return (value + max) / (2 * max); }

Cell CellOf(const GeoPoint& point, int steps, double latitude_max = kLatitudeMax) {
  const auto cells = static_cast<double>(uint64_t{1} << steps);
  return {.column = static_cast<uint32_t>(Along(point.longitude, kLongitudeMax) * cells),
          .row = static_cast<uint32_t>(Along(point.latitude, latitude_max) * cells),
          .steps = steps};
}

uint64_t BitsOf(const Cell& cell) { return Spread(cell.row) | Spread(cell.column) << 1; }

double Edge(uint32_t number, int steps, double max) {
  return -max + static_cast<double>(number) / static_cast<double>(uint64_t{1} << steps) * (2 * max);
}

Area AreaOf(const Cell& cell) {
  return {.low = {.longitude = Edge(cell.column, cell.steps, kLongitudeMax),
                  .latitude = Edge(cell.row, cell.steps, kLatitudeMax)},
          .high = {.longitude = Edge(cell.column + 1, cell.steps, kLongitudeMax),
                   .latitude = Edge(cell.row + 1, cell.steps, kLatitudeMax)}};
}

// Moves by that many columns and rows; behind the last one comes the first one again.
Cell Moved(Cell cell, int columns, int rows) {
  const uint32_t mask = (uint32_t{1} << cell.steps) - 1;
  if (columns != 0) cell.column = (cell.column + static_cast<uint32_t>(columns)) & mask;
  if (rows != 0) cell.row = (cell.row + static_cast<uint32_t>(rows)) & mask;
  return cell;
}

GeoHashRange RangeOf(const Cell& cell) {
  const int shift = 2 * (kStepsMax - cell.steps);
  return {.first = BitsOf(cell) << shift, .end = (BitsOf(cell) + 1) << shift};
}

double LatitudeDistance(double one, double other) {
  return kEarthRadiusMeters * std::fabs(other * kDegree - one * kDegree);
}

// The shape's bounds, as if a degree of longitude were nowhere longer than at its side nearer to the pole.
Area BoundsOf(const GeoShape& shape) {
  const auto& [longitude, latitude] = shape.center;
  const double up = (shape.is_box ? shape.height / 2 : shape.radius) / kEarthRadiusMeters / kDegree;
  const double side = (shape.is_box ? shape.width / 2 : shape.radius) / kEarthRadiusMeters;
  const double far_latitude = latitude < 0 ? latitude - up : latitude + up;
  const double across = side / std::cos(far_latitude * kDegree) / kDegree;
  return {.low = {.longitude = longitude - across, .latitude = latitude - up},
          .high = {.longitude = longitude + across, .latitude = latitude + up}};
}

// The finest grid on which nine cells are sure to cover a circle, nearly always.
int EstimatedSteps(double radius, double latitude) {
  if (radius == 0) return kStepsMax;
  int steps = -1;
  for (; radius < kHalfEquatorMeters; radius *= 2) ++steps;
  // Columns are narrower towards the poles.
  if (std::fabs(latitude) > 66) --steps;
  if (std::fabs(latitude) > 80) --steps;
  return std::clamp(steps, 1, kStepsMax);
}

bool NeighborsCover(const Cell& cell, const Area& bounds) {
  return AreaOf(Moved(cell, 0, 1)).high.latitude >= bounds.high.latitude &&
         AreaOf(Moved(cell, 0, -1)).low.latitude <= bounds.low.latitude &&
         AreaOf(Moved(cell, 1, 0)).high.longitude >= bounds.high.longitude &&
         AreaOf(Moved(cell, -1, 0)).low.longitude <= bounds.low.longitude;
}

struct Step {
  int columns;
  int rows;
};
constexpr Step kAround[] = {{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};

// Whether the cell itself reaches beyond the bounds on that side.
bool IsNeedless(const Step& step, const Area& own, const Area& bounds) {
  return (step.rows < 0 && own.low.latitude < bounds.low.latitude) ||
         (step.rows > 0 && own.high.latitude > bounds.high.latitude) ||
         (step.columns < 0 && own.low.longitude < bounds.low.longitude) ||
         (step.columns > 0 && own.high.longitude > bounds.high.longitude);
}

}  // namespace

bool IsOnGrid(const GeoPoint& point) {
  return std::fabs(point.longitude) <= kLongitudeMax && std::fabs(point.latitude) <= kLatitudeMax;
}

uint64_t GeoHashOf(const GeoPoint& point) { return BitsOf(CellOf(point, kStepsMax)); }

GeoPoint PointOfScore(double score) {
  // Scores that are no geohash lie at some edge; only the conversion must be defined.
  uint64_t bits = 0;
  if (score >= 0 && score < 0x1p64) bits = static_cast<uint64_t>(score);
  if (score < 0 && score >= -0x1p63) bits = static_cast<uint64_t>(static_cast<int64_t>(score));
  const Cell cell{.column = Gather(bits >> 1), .row = Gather(bits)};
  const Area area = AreaOf(cell);
  return {.longitude = std::clamp((area.low.longitude + area.high.longitude) / 2, -kLongitudeMax, kLongitudeMax),
          .latitude = std::clamp((area.low.latitude + area.high.latitude) / 2, -kLatitudeMax, kLatitudeMax)};
}

std::string GeoHashText(const GeoPoint& point) {
  const uint64_t bits = BitsOf(CellOf(point, kStepsMax, 90));
  std::string text(kLetters, kAlphabet[0]);  // 52 bits leave nothing for the last letter.
  for (int i = 0; i + 1 < kLetters; ++i) {
    const uint64_t letter = bits >> (2 * kStepsMax - (i + 1) * kBitsPerLetter);
    text[static_cast<size_t>(i)] = kAlphabet[letter % kAlphabet.size()];
  }
  return text;
}

double DistanceBetween(const GeoPoint& one, const GeoPoint& other) {
  const double across = std::sin((other.longitude * kDegree - one.longitude * kDegree) / 2);
  if (across == 0) return LatitudeDistance(one.latitude, other.latitude);
  const double latitude = one.latitude * kDegree;
  const double other_latitude = other.latitude * kDegree;
  const double up = std::sin((other_latitude - latitude) / 2);
  const double haversine = up * up + std::cos(latitude) * std::cos(other_latitude) * across * across;
  // Rounding may take it beyond 1 on the far side of the earth, and a distance must be a number to be compared.
  return 2.0 * kEarthRadiusMeters * std::asin(std::sqrt(std::min(haversine, 1.0)));
}

std::optional<double> DistanceWithin(const GeoShape& shape, const GeoPoint& point) {
  if (shape.is_box) {
    if (LatitudeDistance(point.latitude, shape.center.latitude) > shape.height / 2) return {};
    const GeoPoint beside{.longitude = shape.center.longitude, .latitude = point.latitude};
    if (DistanceBetween(point, beside) > shape.width / 2) return {};
    return DistanceBetween(shape.center, point);
  }
  const double distance = DistanceBetween(shape.center, point);
  if (distance > shape.radius) return {};
  return distance;
}

std::vector<GeoHashRange> RangesOver(const GeoShape& shape) {
  const double radius = shape.is_box
                            ? std::sqrt(shape.width / 2 * (shape.width / 2) + shape.height / 2 * (shape.height / 2))
                            : shape.radius;
  const Area bounds = BoundsOf(shape);
  int steps = EstimatedSteps(radius, shape.center.latitude);
  Cell cell = CellOf(shape.center, steps);
  if (steps > 1 && !NeighborsCover(cell, bounds)) cell = CellOf(shape.center, --steps);
  const Area own = AreaOf(cell);
  std::vector<GeoHashRange> ranges;
  for (const Step& step : kAround) {
    // On a grid of two by two cells nothing can be left out: a neighbour lies on both sides.
    if (steps >= 2 && IsNeedless(step, own, bounds)) continue;
    const GeoHashRange range = RangeOf(Moved(cell, step.columns, step.rows));
    if (std::ranges::find(ranges, range) == ranges.end()) ranges.push_back(range);
  }
  return ranges;
}

}  // namespace amethyst::server
