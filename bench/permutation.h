// The numbers below a bound in random order, each once, without a table: what fills and overwrites go by, and what
// scatters popular keys over the key space.
//
// Rounds of xor-shift and odd multiplication are a bijection of b-bit numbers; a result at or over the bound is put
// through again ("cycle walking", Black and Rogaway 2002). Thread safety: immutable.
#pragma once

#include <bit>
#include <cstdint>

#include "base/assert.h"

namespace amethyst::bench {

class Permutation {
 public:
  Permutation(uint64_t bound, uint64_t seed)
      : bound_(bound), seed_(seed), bits_(static_cast<uint32_t>(std::bit_width((bound - 1) | 3))) {
    AMETHYST_ASSERT(bound > 0 && bound <= uint64_t{1} << 62);
  }

  // Distinct numbers below the bound for distinct numbers below the bound.
  [[nodiscard]] uint64_t operator()(uint64_t number) const {
    AMETHYST_DCHECK(number < bound_);
    do {
      number = Mix(number);
    } while (number >= bound_);
    return number;
  }

 private:
  [[nodiscard]] uint64_t Mix(uint64_t x) const {
    const uint64_t mask = (uint64_t{1} << bits_) - 1;
    const uint32_t shift = (bits_ + 1) / 2;
    x = (x + seed_) & mask;
    x = ((x ^ (x >> shift)) * 0xbf58476d1ce4e5b9u) & mask;
    x = ((x ^ (x >> shift)) * 0x94d049bb133111ebu) & mask;
    x = ((x ^ (x >> shift)) * 0x9e3779b97f4a7c15u) & mask;
    return x ^ (x >> shift);
  }

  uint64_t bound_;
  uint64_t seed_;
  uint32_t bits_;
};

}  // namespace amethyst::bench
