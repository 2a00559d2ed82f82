#include "bench/value_maker.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace amethyst::bench {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;
constexpr double kParetoShape = 1.5;
constexpr size_t kParetoFactorMax = 64;

size_t LargestValue(const ValueMaker::Shape& shape) {
  switch (shape.sizes) {
    case ValueSizes::kFixed: return shape.bytes;
    case ValueSizes::kUniform: return 2 * shape.bytes;
    case ValueSizes::kPareto: return kParetoFactorMax * shape.bytes;
  }
  return shape.bytes;
}

}  // namespace

ValueMaker::ValueMaker(const Shape& shape, uint64_t seed) : shape_(shape) {
  AMETHYST_ASSERT(shape.compressed_share > 0 && shape.compressed_share <= 1);
  const size_t largest = LargestValue(shape);
  starts_ = (kPoolBytes + 2 * largest) / kPieceBytes;
  const auto fresh_bytes = static_cast<size_t>(std::ceil(shape.compressed_share * kPieceBytes));
  base::Random random(seed);
  pool_.resize((starts_ + 1) * kPieceBytes + largest);
  for (size_t i = 0; i < pool_.size(); ++i) {
    const size_t in_piece = i % kPieceBytes;
    pool_[i] = in_piece < fresh_bytes ? static_cast<char>(random()) : pool_[i - fresh_bytes];
  }
}

size_t ValueMaker::DrawBytes(base::Random& random) const {
  switch (shape_.sizes) {
    case ValueSizes::kFixed: return shape_.bytes;
    case ValueSizes::kUniform: return random.Below(2 * shape_.bytes + 1);
    case ValueSizes::kPareto: break;
  }
  // A Pareto variable of mean m has a least value of m (shape - 1) / shape.
  const double uniform = (static_cast<double>(random() >> 11) + 1) * 0x1p-53;
  const double least = static_cast<double>(shape_.bytes) * (kParetoShape - 1) / kParetoShape;
  const double bytes = least * std::pow(uniform, -1 / kParetoShape);
  return std::min(static_cast<size_t>(bytes), kParetoFactorMax * shape_.bytes);
}

const std::vector<std::string>& ValueSizesNames() {
  static const std::vector<std::string> names = {"fixed", "uniform", "pareto"};
  return names;
}

}  // namespace amethyst::bench
