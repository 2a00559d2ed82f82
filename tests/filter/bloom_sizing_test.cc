#include "filter/bloom_sizing.h"

#include <gtest/gtest.h>

#include <cmath>

#include "filter/bloom_line.h"

namespace amethyst::filter {
namespace {

double TextbookBits(double rate) { return std::log2(1 / rate) / std::log(2.0); }

TEST(BloomSizing, MeetsTheRateWithLittleMoreThanTheTextbooksBits) {
  struct Case {
    double rate;
    double extra_max;
  };
  for (const Case& c :
       {Case{0.5, 1.02}, Case{0.1, 1.02}, Case{0.01, 1.05}, Case{0.001, 1.1}, Case{1e-4, 1.2}, Case{1e-6, 1.4}}) {
    const BloomShape shape = ShapeFor(c.rate);
    EXPECT_LE(FalsePositiveRate(shape), c.rate);
    EXPECT_GT(FalsePositiveRate(shape), c.rate * 0.97) << c.rate;
    EXPECT_LE(shape.bits_per_key, TextbookBits(c.rate) * c.extra_max) << c.rate;
  }
}

TEST(BloomSizing, NoOtherNumberOfProbesNeedsFewerBits) {
  for (const double rate : {0.5, 0.2, 0.1, 0.03, 0.01, 0.003, 0.001, 1e-4, 1e-5}) {
    const BloomShape best = ShapeFor(rate);
    for (uint32_t probes = 1; probes <= kProbesMax; ++probes) {
      const BloomShape smaller{.bits_per_key = best.bits_per_key - 0.03, .probes = probes};
      EXPECT_GT(FalsePositiveRate(smaller), rate) << rate << " with " << probes;
    }
  }
}

TEST(BloomSizing, OfManyRatesInTurnEachHasItsOwnShape) {
  std::vector<double> rates, bits;
  for (double rate = 0.5; rates.size() < 12; rate *= 0.6) {
    rates.push_back(rate);
    bits.push_back(ShapeFor(rate).bits_per_key);
  }
  for (int time = 0; time < 2; ++time) {
    for (size_t i = 0; i < rates.size(); ++i) EXPECT_EQ(ShapeFor(rates[i]).bits_per_key, bits[i]);
    for (size_t i = rates.size(); i-- > 0;) EXPECT_EQ(ShapeFor(rates[i]).bits_per_key, bits[i]);
  }
}

TEST(BloomSizing, LowerRatesNeverNeedFewerBits) {
  double bits = 0;
  EXPECT_LE(FalsePositiveRate(ShapeFor(0.999)), 0.999);
  for (double rate = 0.95; rate > 1e-8; rate *= 0.8) {
    const BloomShape shape = ShapeFor(rate);
    EXPECT_GE(shape.bits_per_key, bits - 0.01);
    bits = shape.bits_per_key;
  }
  EXPECT_EQ(ShapeFor(1e-12).bits_per_key, ShapeFor(kFalsePositiveRateMin).bits_per_key);
}

}  // namespace
}  // namespace amethyst::filter
