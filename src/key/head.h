// Heads: the first 8 bytes of a key after a shared prefix, as a big-endian integer, so that most comparisons are
// one integer comparison (the "poor man's normalized key" of Graefe and Larson, 2001).
//
// Heads compare only within one skip, and only if both keys share the skipped prefix. Different heads order
// the keys; EQUAL HEADS DECIDE NOTHING ("a" and "a\0" tie) and go to a full comparison. Bytewise order only.
// Thread safety: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace amethyst::key {

using Head = uint64_t;

// The 8 bytes of `key` after the first `skip`, zero-padded; 0 if the key is no longer than `skip`.
[[nodiscard]] inline Head HeadOf(std::string_view key, size_t skip) {
  if (key.size() >= 8) {
    // Without a branch on how much is left: the last 8 bytes, shifted, where fewer are.
    const size_t from = skip < key.size() - 8 ? skip : key.size() - 8;
    uint64_t word;
    std::memcpy(&word, key.data() + from, 8);
    return skip < key.size() ? __builtin_bswap64(word) << (8 * (skip - from)) : 0;
  }
  if (key.size() <= skip) return 0;
  uint64_t word = 0;
  std::memcpy(&word, key.data() + skip, key.size() - skip);
  return __builtin_bswap64(word);
}

[[nodiscard]] inline size_t CommonPrefix(std::string_view a, std::string_view b) {
  const size_t limit = a.size() < b.size() ? a.size() : b.size();
  size_t i = 0;
  for (; i + 8 <= limit; i += 8) {
    uint64_t x, y;
    std::memcpy(&x, a.data() + i, 8);
    std::memcpy(&y, b.data() + i, 8);
    if (x != y) return i + static_cast<size_t>(std::countr_zero(x ^ y)) / 8;
  }
  while (i < limit && a[i] == b[i]) ++i;
  return i;
}

// As key.starts_with(prefix), for short prefixes, without a call.
[[nodiscard]] inline bool HasPrefix(std::string_view key, std::string_view prefix) {
  const size_t size = prefix.size();
  if (key.size() < size) return false;
  if (size < 8) return size == 0 || (HeadOf(key, 0) ^ HeadOf(prefix, 0)) >> (64 - 8 * size) == 0;
  const auto differ = [&](size_t from) {
    uint64_t x, y;
    std::memcpy(&x, key.data() + from, 8);
    std::memcpy(&y, prefix.data() + from, 8);
    return x != y;
  };
  for (size_t i = 0; i + 8 < size; i += 8) {
    if (differ(i)) return false;
  }
  return !differ(size - 8);
}

// How many of the first `count` heads are below `target`: the lower bound in a sorted array of at most some hundred
// heads (branch-free, vectorised), or the rank among unsorted ones.
[[nodiscard]] inline uint32_t CountBelow(const Head* heads, uint32_t count, Head target) {
  uint64_t below = 0;  // As wide as a head, so that vectorised comparisons need no narrowing.
  for (uint32_t i = 0; i < count; ++i) below += heads[i] < target;
  return static_cast<uint32_t>(below);
}

// Lower bound in a sorted array of any length: branch-free binary search down to a short run, then CountBelow.
[[nodiscard]] inline uint32_t LowerBound(const Head* heads, uint32_t count, Head target) {
  uint32_t base = 0;
  while (count > 32) {
    const uint32_t half = count / 2;
    base += heads[base + half - 1] < target ? half : 0;
    count -= half;
  }
  return base + CountBelow(heads + base, count, target);
}

}  // namespace amethyst::key
