#include "filter/key_sketch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/hash.h"
#include "base/random.h"
#include "support/format_document.h"

namespace amethyst::filter {
namespace {

// The keys "k<begin>" to "k<end - 1>".
KeySketch SketchOf(uint64_t begin, uint64_t end) {
  KeySketch sketch;
  for (uint64_t i = begin; i < end; ++i) sketch.Add(base::Hash64("k" + std::to_string(i)));
  return sketch;
}

// Four standard deviations of a count of keys of which 1 in 512 is sampled, and some for collisions.
double Tolerance(uint64_t keys) { return 4 * std::sqrt(static_cast<double>(keys) * 512) + 4000; }

TEST(KeySketch, EstimatesHowManyKeysTwoTablesShare) {
  constexpr uint64_t kKeys = 60000;
  for (uint64_t start = 0; start < 2000000; start += 200000) {
    const KeySketch a = SketchOf(start, start + kKeys);
    EXPECT_NEAR(static_cast<double>(a.EstimateKeys()), kKeys, Tolerance(kKeys));
    for (const uint64_t shared : {uint64_t{0}, kKeys / 4, kKeys / 2, kKeys}) {
      const KeySketch b = SketchOf(start + kKeys - shared, start + 2 * kKeys - shared);
      const auto estimated = static_cast<double>(KeySketch::EstimateShared(a, b));
      EXPECT_NEAR(estimated, static_cast<double>(shared), Tolerance(shared)) << shared;
      EXPECT_EQ(KeySketch::EstimateShared(b, a), KeySketch::EstimateShared(a, b));
    }
  }
}

TEST(KeySketch, CorrectsForCollisionsInFullerSketches) {
  // Some 3,900 samples in 8,192 bits: over a third of the bits is set, so a seventh of all bits is common by chance
  // alone.
  constexpr uint64_t kKeys = 2000000;
  const KeySketch a = SketchOf(0, kKeys);
  EXPECT_NEAR(static_cast<double>(a.EstimateKeys()), kKeys, 0.07 * kKeys);
  const KeySketch apart = SketchOf(kKeys, 2 * kKeys);
  EXPECT_GT(Bitmap::AndPopCount(a.bits(), apart.bits()) * 512, kKeys / 5);
  EXPECT_LT(KeySketch::EstimateShared(a, apart), kKeys / 20);
  const KeySketch half = SketchOf(kKeys / 2, kKeys / 2 + kKeys);
  EXPECT_NEAR(static_cast<double>(KeySketch::EstimateShared(a, half)), kKeys / 2, 0.1 * kKeys);
}

TEST(KeySketch, OfAUnionIsTheUnionOfSketches) {
  KeySketch sum = SketchOf(0, 30000);
  sum |= SketchOf(20000, 70000);
  EXPECT_EQ(sum.bits(), SketchOf(0, 70000).bits());
  EXPECT_EQ(KeySketch().EstimateKeys(), 0u);
  EXPECT_EQ(KeySketch::EstimateShared(KeySketch(), sum), 0u);
}

TEST(KeySketch, StaysFiniteWhenItOverflows) {
  KeySketch full;
  for (uint64_t i = 0; i < KeySketch::kBits; ++i) full.Add(i * KeySketch::kSampleOneIn);
  EXPECT_GT(full.EstimateKeys(), 8 * KeySketch::kBits * KeySketch::kSampleOneIn);
  EXPECT_EQ(KeySketch::EstimateShared(full, full), full.EstimateKeys());
}

TEST(KeySketch, ComesBackFromItsBytesAndTakesDamageForUnknown) {
  const KeySketch sketch = SketchOf(0, 60000);
  std::string bytes;
  sketch.AppendTo(&bytes);
  EXPECT_LT(bytes.size(), 300u);
  std::string_view from = bytes;
  const std::optional<KeySketch> back = KeySketch::ReadFrom(&from);
  ASSERT_TRUE(back);
  EXPECT_TRUE(from.empty());
  EXPECT_EQ(back->bits(), sketch.bits());

  for (size_t length = 0; length < bytes.size(); ++length) {
    from = std::string_view(bytes).substr(0, length);
    EXPECT_FALSE(KeySketch::ReadFrom(&from));
  }
  std::string unknown = bytes;
  unknown[0] = 2;
  from = unknown;
  EXPECT_FALSE(KeySketch::ReadFrom(&from));
  std::string other_size(1, '\1');
  Bitmap(100).AppendTo(&other_size);
  from = other_size;
  EXPECT_FALSE(KeySketch::ReadFrom(&from));
  EXPECT_EQ(from.size(), other_size.size());
}

TEST(KeySketch, WritesTheBytesThatTheFormatDocumentShows) {
  KeySketch sketch;
  for (const uint64_t hash : {0u, 512u, 1048577u, 5120000u}) sketch.Add(hash);
  std::string bytes;
  sketch.AppendTo(&bytes);
  EXPECT_EQ(test::DumpsOf("filter.md").at("sketch"), bytes);
}

}  // namespace
}  // namespace amethyst::filter
