#include "filter/bloom_sizing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/assert.h"
#include "filter/bloom_line.h"

namespace amethyst::filter {
namespace {

// std::lgamma writes a global variable besides.
double LogFactorial(double n) {
  int sign = 0;
  return lgamma_r(n + 1, &sign);
}

constexpr double kBitsPerKeyMax = 96;

// The mean of (share of bits set)^probes in a line of `keys` keys. To second order: the share varies from line to line,
// and the power of a varying number is more on average than the power of its average.
double LineRate(double keys, double probes) {
  constexpr double kBits = static_cast<double>(kLineBits);
  const double set_calls = keys * probes;
  const double clear = std::exp(set_calls * std::log1p(-1 / kBits));       // Chance that one bit is clear,
  const double both_clear = std::exp(set_calls * std::log1p(-2 / kBits));  // and that two are.
  const double share_set = 1 - clear;
  const double variance = (clear + (kBits - 1) * both_clear) / kBits - clear * clear;
  return std::pow(share_set, probes) + probes * (probes - 1) / 2 * variance * std::pow(share_set, probes - 2);
}

}  // namespace

double FalsePositiveRate(const BloomShape& shape) {
  AMETHYST_ASSERT(shape.bits_per_key > 0);
  AMETHYST_ASSERT(shape.probes >= 1 && shape.probes <= kProbesMax);
  const double mean_keys = static_cast<double>(kLineBits) / shape.bits_per_key;
  const double spread = 10 * std::sqrt(mean_keys) + 10;  // Lines that far from the mean do not count.
  double rate = 0;
  for (double keys = std::max(1.0, std::floor(mean_keys - spread)); keys < mean_keys + spread; ++keys) {
    const double chance = std::exp(keys * std::log(mean_keys) - mean_keys - LogFactorial(keys));
    rate += chance * std::min(1.0, LineRate(keys, shape.probes));
  }
  return rate;
}

namespace {

BloomShape Search(double wanted) {
  // The textbook's number of probes; uneven lines want fewer, never more.
  const auto probes_even = static_cast<uint32_t>(std::ceil(std::log2(1 / wanted)));
  const uint32_t probes_max = std::clamp(probes_even, 1u, kProbesMax);
  BloomShape best{.bits_per_key = kBitsPerKeyMax, .probes = probes_max};
  for (uint32_t probes = probes_max > 5 ? probes_max - 5 : 1; probes <= probes_max; ++probes) {
    BloomShape low{.bits_per_key = 0.05, .probes = probes};
    BloomShape high{.bits_per_key = best.bits_per_key, .probes = probes};
    if (FalsePositiveRate(high) > wanted) continue;
    while (high.bits_per_key - low.bits_per_key > 0.01) {
      const BloomShape middle{.bits_per_key = (low.bits_per_key + high.bits_per_key) / 2, .probes = probes};
      (FalsePositiveRate(middle) > wanted ? low : high) = middle;
    }
    best = high;
  }
  AMETHYST_ASSERT(FalsePositiveRate(best) <= wanted);
  return best;
}

}  // namespace

BloomShape ShapeFor(double false_positive_rate) {
  AMETHYST_ASSERT(false_positive_rate > 0 && false_positive_rate < 1);
  const double wanted = std::max(false_positive_rate, kFalsePositiveRateMin);
  // The search takes as long as writing a small table, and databases ask for the same few rates with all their tables.
  struct Known {
    double wanted = 0;
    BloomShape shape;
  };
  constexpr size_t kKnown = 8;
  thread_local std::array<Known, kKnown> known;
  thread_local size_t oldest = 0;
  for (const Known& one : known) {
    if (one.wanted == wanted) return one.shape;
  }
  const BloomShape shape = Search(wanted);
  known[std::exchange(oldest, (oldest + 1) % kKnown)] = {.wanted = wanted, .shape = shape};
  return shape;
}

}  // namespace amethyst::filter
