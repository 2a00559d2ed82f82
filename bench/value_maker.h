// Values of given sizes and compressibility, as slices of one pool of bytes that is made ahead: making a value costs a
// draw or two, and every engine is given the same ones.
//
// The pool is a row of pieces of 100 bytes, each of which repeats its first part, so that a codec shrinks it to about
// that part. Thread safety: immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace amethyst::bench {

enum class ValueSizes : uint8_t {
  kFixed,    // Always `bytes`.
  kUniform,  // From 0 to twice `bytes`.
  kPareto,   // Mostly small, some large, `bytes` on average (shape 1.5), at most 64 times that.
};

class ValueMaker {
 public:
  struct Shape {
    ValueSizes sizes = ValueSizes::kFixed;
    size_t bytes = 100;
    double compressed_share = 0.5;  // What is left after compression; 1: does not compress.
  };

  ValueMaker(const Shape& shape, uint64_t seed);

  // Valid as long as this lives.
  [[nodiscard]] std::string_view Make(base::Random& random) const {
    const size_t bytes = DrawBytes(random);
    return {pool_.data() + random.Below(starts_) * kPieceBytes, bytes};
  }

  [[nodiscard]] size_t mean_bytes() const { return shape_.bytes; }

 private:
  static constexpr size_t kPieceBytes = 100;

  [[nodiscard]] size_t DrawBytes(base::Random& random) const;

  Shape shape_;
  std::string pool_;
  uint64_t starts_ = 0;  // Pieces at which a value of any size may begin.
};

[[nodiscard]] const std::vector<std::string>& ValueSizesNames();

}  // namespace amethyst::bench
