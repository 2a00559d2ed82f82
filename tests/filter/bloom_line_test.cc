#include "filter/bloom_line.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace amethyst::filter {
namespace {

TEST(BloomLine, TheFastFormAgreesWithThePlainOne) {
  base::Random random(1);
  size_t held = 0;
  for (int round = 0; round < 200000; ++round) {
    std::array<uint64_t, kLineWords> words;
    for (uint64_t& word : words) word = random() | random() | random();
    const auto probes = static_cast<uint32_t>(1 + random.Below(kProbesMax));
    const uint64_t hash = random();
    const auto* line = reinterpret_cast<const char*>(words.data());
    const bool expected = LineHoldsPortable(line, hash, probes);
    ASSERT_EQ(LineHolds(line, hash, probes), expected);
    held += expected ? 1 : 0;
  }
  EXPECT_GT(held, 20000u);
  EXPECT_LT(held, 180000u);
}

TEST(BloomLine, OneMissingBitIsEnoughForNo) {
  base::Random random(2);
  for (int round = 0; round < 2000; ++round) {
    const uint64_t hash = random();
    for (uint32_t missing = 0; missing < kProbesMax; ++missing) {
      std::array<uint64_t, kLineWords> words;
      words.fill(~uint64_t{0});
      const uint32_t bit = ProbeBit(ProbeSeed(hash), missing);
      words[bit / 64] &= ~(uint64_t{1} << (bit % 64));
      EXPECT_FALSE(LineHolds(reinterpret_cast<const char*>(words.data()), hash, kProbesMax));
    }
  }
}

TEST(BloomLine, LinesAndBitsAreUniformAndIndependent) {
  // Chi-squared over pairs of (line of 16, bit / 32 of 16): 255 degrees of freedom; beyond 400 is next to impossible.
  base::Random random(3);
  constexpr size_t kHashes = 400000;
  for (uint32_t probe = 0; probe < kProbesMax; ++probe) {
    std::array<double, 256> counts{};
    for (size_t i = 0; i < kHashes; ++i) {
      const uint64_t hash = random();
      ++counts[LineOf(hash, 16) * 16 + ProbeBit(ProbeSeed(hash), probe) / 32];
    }
    double chi_squared = 0;
    for (const double count : counts) chi_squared += std::pow(count - kHashes / 256.0, 2) / (kHashes / 256.0);
    EXPECT_LT(chi_squared, 400) << probe;
  }
}

TEST(BloomLine, NoTwoProbesFollowEachOther) {
  // The share of seeds for which two probes meet in one of 512 bits must be near 1 / 512 for every pair.
  constexpr uint32_t kSeeds = 200000;
  base::Random random(4);
  std::vector<uint32_t> seeds(kSeeds);
  for (uint32_t& seed : seeds) seed = ProbeSeed(random());
  for (uint32_t a = 0; a < kProbesMax; ++a) {
    for (uint32_t b = 0; b < a; ++b) {
      uint32_t met = 0;
      for (const uint32_t seed : seeds) met += ProbeBit(seed, a) == ProbeBit(seed, b) ? 1 : 0;
      EXPECT_NEAR(met, kSeeds / 512.0, 120) << a << " and " << b;
    }
  }
}

TEST(BloomLine, AHashAtTheEdgeStaysWithinTheLines) {
  for (const uint32_t lines : {1u, 2u, 1000u, 0xffffffffu}) {
    EXPECT_EQ(LineOf(0, lines), 0u);
    EXPECT_EQ(LineOf(~uint64_t{0}, lines), lines - 1);
  }
}

}  // namespace
}  // namespace amethyst::filter
