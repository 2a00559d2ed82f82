#include "filter/key_sketch.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/coding.h"

namespace amethyst::filter {
namespace {

constexpr uint8_t kSketchVersion = 1;

// How many distinct sampled keys have most probably set that many bits. A full sketch has overflowed and gives a lower
// bound.
double SampledKeys(size_t bits_set) {
  AMETHYST_ASSERT(bits_set <= KeySketch::kBits);
  constexpr double kAll = static_cast<double>(KeySketch::kBits);
  const double clear = std::max(0.5, kAll - static_cast<double>(bits_set));
  return kAll * std::log(kAll / clear);
}

uint64_t Keys(double sampled) {
  return static_cast<uint64_t>(sampled * static_cast<double>(KeySketch::kSampleOneIn) + 0.5);
}

}  // namespace

uint64_t KeySketch::EstimateShared(const KeySketch& a, const KeySketch& b) {
  const size_t bits_a = a.bits_.PopCount();
  const size_t bits_b = b.bits_.PopCount();
  const size_t bits_union = bits_a + bits_b - Bitmap::AndPopCount(a.bits_, b.bits_);
  const double in_a = SampledKeys(bits_a);
  const double in_b = SampledKeys(bits_b);
  return Keys(std::clamp(in_a + in_b - SampledKeys(bits_union), 0.0, std::min(in_a, in_b)));
}

uint64_t KeySketch::EstimateKeys() const { return Keys(SampledKeys(bits_.PopCount())); }

KeySketch& KeySketch::operator|=(const KeySketch& other) {
  bits_ |= other.bits_;
  return *this;
}

void KeySketch::AppendTo(std::string* to) const {
  to->push_back(static_cast<char>(kSketchVersion));
  bits_.AppendTo(to);
}

std::optional<KeySketch> KeySketch::ReadFrom(std::string_view* from) {
  std::string_view rest = *from;
  uint8_t version = 0;
  if (!base::ReadFixed(&rest, &version) || version != kSketchVersion) return std::nullopt;
  Result<Bitmap> bits = Bitmap::ReadFrom(&rest, kBits);
  if (!bits || bits->bit_count() != kBits) return std::nullopt;
  KeySketch sketch;
  sketch.bits_ = *std::move(bits);
  *from = rest;
  return sketch;
}

}  // namespace amethyst::filter
