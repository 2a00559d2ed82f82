#include "bench/value_maker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "compress/codec.h"

namespace amethyst::bench {
namespace {

// Sizes of many values, and what LZ4 leaves of them all.
struct Sample {
  double mean_bytes = 0;
  size_t least_bytes = SIZE_MAX;
  size_t most_bytes = 0;
  double compressed_share = 0;
};

Sample Draw(const ValueMaker::Shape& shape) {
  constexpr int kValues = 20'000;
  const ValueMaker values(shape, 1);
  base::Random random(2);
  Sample sample;
  std::string block;
  double compressed = 0;
  double total = 0;
  for (int i = 0; i < kValues; ++i) {
    const std::string_view value = values.Make(random);
    total += static_cast<double>(value.size());
    sample.least_bytes = std::min(sample.least_bytes, value.size());
    sample.most_bytes = std::max(sample.most_bytes, value.size());
    block += value;
    if (block.size() < 4096) continue;
    base::Buffer out;
    const bool smaller = compress::AppendCompressed(Compression::kLz4, block, &out) == Compression::kLz4;
    compressed += static_cast<double>(smaller ? out.size() : block.size());
    block.clear();
  }
  sample.mean_bytes = total / kValues;
  sample.compressed_share = compressed / (total - static_cast<double>(block.size()));
  return sample;
}

TEST(ValueMaker, CompressesToTheShareThatIsAskedFor) {
  EXPECT_NEAR(Draw({.bytes = 100, .compressed_share = 0.5}).compressed_share, 0.53, 0.04);
  EXPECT_NEAR(Draw({.bytes = 1'000, .compressed_share = 0.2}).compressed_share, 0.25, 0.05);
  EXPECT_GT(Draw({.bytes = 100, .compressed_share = 1}).compressed_share, 0.99);
}

TEST(ValueMaker, SizesFollowTheirDistribution) {
  const Sample fixed = Draw({.sizes = ValueSizes::kFixed, .bytes = 100});
  EXPECT_EQ(fixed.least_bytes, 100u);
  EXPECT_EQ(fixed.most_bytes, 100u);
  const Sample uniform = Draw({.sizes = ValueSizes::kUniform, .bytes = 100});
  EXPECT_NEAR(uniform.mean_bytes, 100, 2);
  EXPECT_EQ(uniform.least_bytes, 0u);
  EXPECT_EQ(uniform.most_bytes, 200u);
  const Sample pareto = Draw({.sizes = ValueSizes::kPareto, .bytes = 300});
  EXPECT_NEAR(pareto.mean_bytes, 300, 50);
  EXPECT_EQ(pareto.least_bytes, 100u);
  EXPECT_GT(pareto.most_bytes, 5'000u);
  EXPECT_LE(pareto.most_bytes, 64 * 300u);
}

TEST(ValueMaker, EqualSeedsGiveEqualValues) {
  const ValueMaker one({}, 7);
  const ValueMaker same({}, 7);
  const ValueMaker other({}, 8);
  base::Random random(1);
  base::Random same_random(1);
  base::Random other_random(1);
  const std::string value(one.Make(random));
  EXPECT_EQ(value, same.Make(same_random));
  EXPECT_NE(value, other.Make(other_random));
}

}  // namespace
}  // namespace amethyst::bench
