// Searching and filling ranges in an array of 64-bit words, bit i in word i / 64: under bitmaps and allocators.
// Thread safety: pure functions; the words are the caller's.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"

namespace amethyst::base {

// The first bit at or after `from` that equals `wanted`, or words.size() * 64.
[[nodiscard]] inline size_t NextBit(std::span<const uint64_t> words, size_t from, bool wanted) {
  const uint64_t flip = wanted ? 0 : ~uint64_t{0};
  size_t word = from / 64;
  if (word >= words.size()) return words.size() * 64;
  uint64_t rest = (words[word] ^ flip) & (~uint64_t{0} << (from % 64));
  while (rest == 0) {
    if (++word == words.size()) return words.size() * 64;
    rest = words[word] ^ flip;
  }
  return word * 64 + static_cast<size_t>(std::countr_zero(rest));
}

// One past the last set bit before `before`, or 0.
[[nodiscard]] inline size_t EndOfSetBits(std::span<const uint64_t> words, size_t before) {
  AMETHYST_DCHECK(before <= words.size() * 64);
  for (size_t end = before; end > 0; end = (end - 1) / 64 * 64) {
    const size_t word = (end - 1) / 64;
    const uint64_t rest = words[word] << (63 - (end - 1) % 64);
    if (rest != 0) return end - static_cast<size_t>(std::countl_zero(rest));
  }
  return 0;
}

// Makes all bits in [begin, end) equal to `value`.
inline void FillBits(std::span<uint64_t> words, size_t begin, size_t end, bool value) {
  AMETHYST_DCHECK(begin <= end && end <= words.size() * 64);
  while (begin < end) {
    const size_t in_word = begin % 64;
    const size_t count = std::min(end - begin, 64 - in_word);
    const uint64_t mask = (~uint64_t{0} >> (64 - count)) << in_word;
    uint64_t& word = words[begin / 64];
    word = value ? word | mask : word & ~mask;
    begin += count;
  }
}

}  // namespace amethyst::base
