#include "bench/zipf.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace amethyst::bench {
namespace {

// The sum of 1 / i^exponent for i from 1 to n; beyond a million terms by the Euler-Maclaurin formula.
double Zeta(uint64_t n, double exponent) {
  const uint64_t terms = std::min<uint64_t>(n, 1'000'000);
  double sum = 0;
  for (uint64_t i = 1; i <= terms; ++i) sum += std::pow(static_cast<double>(i), -exponent);
  if (terms < n) {
    const auto from = static_cast<double>(terms);
    const auto to = static_cast<double>(n);
    sum += (std::pow(to, 1 - exponent) - std::pow(from, 1 - exponent)) / (1 - exponent);
    sum += (std::pow(to, -exponent) - std::pow(from, -exponent)) / 2;
  }
  return sum;
}

}  // namespace

Zipf::Zipf(uint64_t ranks, double exponent)
    : ranks_(ranks), exponent_(exponent), zeta_(Zeta(ranks, exponent)), alpha_(1 / (1 - exponent)), eta_(0) {
  AMETHYST_ASSERT(ranks > 0 && exponent > 0 && exponent < 1);
  const double two = 1 + std::pow(2.0, -exponent);
  if (ranks > 2) {
    eta_ = (1 - std::pow(2.0 / static_cast<double>(ranks), 1 - exponent)) / (1 - two / zeta_);
  }
}

uint64_t Zipf::Draw(base::Random& random) const {
  const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
  const double scaled = uniform * zeta_;
  if (scaled < 1 || ranks_ == 1) return 0;
  if (scaled < 1 + std::pow(0.5, exponent_) || ranks_ == 2) return 1;
  const double rank = static_cast<double>(ranks_) * std::pow(eta_ * uniform - eta_ + 1, alpha_);
  return std::min(static_cast<uint64_t>(rank), ranks_ - 1);
}

double Zipf::Share(uint64_t rank) const { return std::pow(static_cast<double>(rank + 1), -exponent_) / zeta_; }

}  // namespace amethyst::bench
