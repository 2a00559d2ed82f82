// Where a key's bits lie: which 64-byte line of a blocked Bloom filter, and which bits of its 512.
//
// The line comes from the high bits of the key's hash (Lemire's fast range), the bits from a 32-bit seed that the low
// bits decide, so line and bits do not depend on each other. Each probe multiplies the seed by an odd constant of its
// own and takes the top nine bits of the product: eight probes are one AVX2 multiplication, two permutations that fetch
// the words, and one test (after RocksDB's FastLocalBloom and Impala's split-block filter, Apple 2014). All of it is
// part of the format (kind 1, docs/format/filter.md). Used by the filters of tables and memtables. Thread safety: pure
// functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/coding.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace amethyst::filter {

inline constexpr size_t kLineBytes = 64;
inline constexpr size_t kLineBits = 512;
inline constexpr size_t kLineWords = 8;
inline constexpr uint32_t kProbesMax = 16;

// Random odd numbers (the first sixteen 32-bit words of SHA-512's round constants, made odd).
alignas(64) inline constexpr uint32_t kProbeMultipliers[kProbesMax] = {
    0x428a2f99, 0xd728ae23, 0x71374491, 0x23ef65cd, 0xb5c0fbcf, 0xec4d3b2f, 0xe9b5dba5, 0x8189dbbd,
    0x3956c25b, 0xf348b539, 0x59f111f1, 0xb605d019, 0x923f82a5, 0xaf194f9b, 0xab1c5ed5, 0xda6d8119};

// The line of a key, below `line_count`.
[[nodiscard]] inline uint32_t LineOf(uint64_t key_hash, uint32_t line_count) {
  return static_cast<uint32_t>((static_cast<unsigned __int128>(key_hash) * line_count) >> 64);
}

[[nodiscard]] inline uint32_t ProbeSeed(uint64_t key_hash) {
  return static_cast<uint32_t>((key_hash * 0x9e3779b97f4a7c15u) >> 32);
}

// The bit of a line that probe number `probe` looks at, below kLineBits.
[[nodiscard]] inline uint32_t ProbeBit(uint32_t seed, uint32_t probe) {
  return (seed * kProbeMultipliers[probe]) >> 23;
}

// Whether the 64 bytes at `line` have all of a key's bits; the plain form, which the others must agree with.
[[nodiscard]] inline bool LineHoldsPortable(const char* line, uint64_t key_hash, uint32_t probes) {
  const uint32_t seed = ProbeSeed(key_hash);
  for (uint32_t probe = 0; probe < probes; ++probe) {
    const uint32_t bit = ProbeBit(seed, probe);
    if (((base::LoadFixed<uint64_t>(line + bit / 64 * 8) >> (bit % 64)) & 1) == 0) return false;
  }
  return true;
}

#if defined(__AVX2__)

// Probes `first_probe` to first_probe + 7, those below `probes`.
[[nodiscard]] inline bool LineHoldsEight(const char* line, uint32_t seed, uint32_t first_probe, uint32_t probes) {
  const __m256i lower = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(line));
  const __m256i upper = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(line + 32));
  const __m256i multipliers = _mm256_load_si256(reinterpret_cast<const __m256i*>(kProbeMultipliers + first_probe));
  const __m256i products = _mm256_mullo_epi32(_mm256_set1_epi32(static_cast<int>(seed)), multipliers);
  // Of a product's top nine bits, the first chooses the half of the line, three the 32-bit word in it, five the bit in
  // that.
  const __m256i word_index = _mm256_srli_epi32(products, 28);
  const __m256i words = _mm256_castps_si256(_mm256_blendv_ps(
      _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(lower, word_index)),
      _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(upper, word_index)), _mm256_castsi256_ps(products)));
  const __m256i bit_index = _mm256_srli_epi32(_mm256_slli_epi32(products, 4), 27);
  const __m256i wanted = _mm256_sllv_epi32(_mm256_set1_epi32(1), bit_index);
  const __m256i in_use = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(probes - first_probe)),
                                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  return _mm256_testc_si256(words, _mm256_and_si256(wanted, in_use)) != 0;
}

[[nodiscard]] inline bool LineHolds(const char* line, uint64_t key_hash, uint32_t probes) {
  const uint32_t seed = ProbeSeed(key_hash);
  return LineHoldsEight(line, seed, 0, probes) && (probes <= 8 || LineHoldsEight(line, seed, 8, probes));
}

#else

[[nodiscard]] inline bool LineHolds(const char* line, uint64_t key_hash, uint32_t probes) {
  return LineHoldsPortable(line, key_hash, probes);
}

#endif

}  // namespace amethyst::filter
