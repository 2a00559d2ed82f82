// Zipf-distributed ranks: rank 0 the most popular, rank r drawn in proportion to 1 / (r + 1)^exponent, as YCSB does.
//
// The method is that of Gray et al., "Quickly generating billion-record synthetic databases" (1994): one uniform number
// and one power for each draw. Thread safety: immutable.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace amethyst::bench {

class Zipf {
 public:
  // `ranks` over 0, `exponent` over 0 and below 1.
  Zipf(uint64_t ranks, double exponent);

  [[nodiscard]] uint64_t Draw(base::Random& random) const;

  // The share of all draws that rank `rank` gets.
  [[nodiscard]] double Share(uint64_t rank) const;

 private:
  uint64_t ranks_;
  double exponent_;
  double zeta_;
  double alpha_;
  double eta_;
};

}  // namespace amethyst::bench
