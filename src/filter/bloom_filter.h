// A cache-line-blocked Bloom filter (Putze, Sanders, Singler 2007) addressed by the 64-bit hash of a key alone.
//
// All probes of a key fall into one 64-byte line, so a lookup costs one cache miss, which callers overlap over tables
// by Prefetch. Blocks fill unevenly, so a blocked filter needs more bits than a classic one at the same rate: the
// sizing (bloom_sizing.h) accounts for that, and the rate that was asked for is met. The bytes name hash and
// parameters, and a filter of an unknown kind answers "maybe" always. Thread safety: immutable once built.
//
//    0      1         2         3        4            8           16           64
//   +------+---------+---------+--------+------------+-----------+------------+----------------------------------+
//   | kind | version | hash id | probes | line_count | key_count | reserved   | line_count lines of 64 bytes:    |
//   | u8:1 | u8: 1   | u8: 1   | u8     | u32        | u64       | zeros      | the words of a Bitmap            |
//   +------+---------+---------+--------+------------+-----------+------------+----------------------------------+
//   kind 0: no filter, answers "maybe"; kind 1: blocked Bloom, bits chosen as in bloom_line.h. hash id 1: XXH3, 64
//   bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/assert.h"
#include "filter/bitmap.h"
#include "filter/bloom_line.h"
#include "filter/bloom_sizing.h"

namespace amethyst::filter {

inline constexpr size_t kBloomHeaderBytes = 64;  // A whole line, so that lines are aligned if the bytes are.

// Collects key hashes (duplicates of the last one are ignored) and builds the filter's bytes.
class BloomFilterBuilder {
 public:
  // `false_positive_rate` over 0 up to 1; at 1 Finish returns an empty filter, which answers "maybe" always. Rates
  // below kFalsePositiveRateMin are taken for that.
  explicit BloomFilterBuilder(double false_positive_rate);
  void Add(uint64_t key_hash) {
    if (hashes_.empty() || hashes_.back() != key_hash) hashes_.push_back(key_hash);
  }
  [[nodiscard]] size_t key_count() const { return hashes_.size(); }
  // Bytes that Finish will return, for reserving memory and cutting tables.
  [[nodiscard]] size_t FinishedBytes() const;
  [[nodiscard]] std::string Finish();

 private:
  [[nodiscard]] uint32_t LineCount() const;

  BloomShape shape_;  // No bits per key: no filter wanted.
  std::vector<uint64_t> hashes_;
};

// Looks into a filter's bytes, which it borrows; they should be 64-byte aligned for speed.
class BloomFilterView {
 public:
  BloomFilterView() = default;  // Answers "maybe".
  // Checks the header; hostile bytes give kCorruption, unknown kinds a view that answers "maybe".
  [[nodiscard]] static Result<BloomFilterView> FromBytes(std::string_view bytes);

  void Prefetch(uint64_t key_hash) const {
    if (line_count_ > 0) __builtin_prefetch(Line(key_hash));
  }
  [[nodiscard]] bool MayContain(uint64_t key_hash) const {
    return line_count_ == 0 || LineHolds(Line(key_hash), key_hash, probes_);
  }

 private:
  [[nodiscard]] const char* Line(uint64_t key_hash) const {
    return lines_ + LineOf(key_hash, line_count_) * kLineBytes;
  }

  const char* lines_ = nullptr;  // line_count_ lines.
  uint32_t line_count_ = 0;
  uint32_t probes_ = 0;
};

}  // namespace amethyst::filter
