// How many bits per key, and how many probes, a blocked Bloom filter needs for a false-positive rate.
//
// The textbook formula is for bits spread evenly. Here keys fall into lines at random, so lines hold a
// Poisson-distributed number of keys, and the full ones let through more than the empty ones save: the rate is the mean
// over that mixture, and the sizing looks for the fewest bits that bring it down to what was asked. At 10 % that is 1 %
// more bits than the textbook's, at 1 % 4 % (9.9 bits a key), at 0.1 % 8 %, at 0.01 % 15 %, at a millionth 35 %. Thread
// safety: pure functions.
#pragma once

#include <cstdint>

namespace amethyst::filter {

// What the sizing can be asked for at the least; a lower rate is taken for this.
inline constexpr double kFalsePositiveRateMin = 1e-6;

struct BloomShape {
  double bits_per_key = 0;
  uint32_t probes = 0;
};

// The rate of a filter of many lines.
[[nodiscard]] double FalsePositiveRate(const BloomShape& shape);

// The smallest shape that has at most `false_positive_rate`, which is over 0 and below 1.
[[nodiscard]] BloomShape ShapeFor(double false_positive_rate);

}  // namespace amethyst::filter
