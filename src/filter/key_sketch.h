// A small sample of the keys of a table, from which the overlap of two tables is estimated.
//
// A key is sampled by its hash (1 in 512), so all tables sample alike; a sampled key sets one bit of a Bitmap. The
// number of distinct sampled keys follows from the share of bits set (linear counting, Whang et al. 1990, which
// corrects for collisions), that of a union from the union of bits, and the keys that two tables share, what a merge of
// them drops, is what the two sum up to beyond their union. With s sampled keys in play the standard error is some 1 /
// sqrt(s). Steers choices only: a missing or damaged sketch means "unknown". Thread safety: like std::vector.
//
//    0         1
//   +---------+----------------------------------+
//   | version | Bitmap of 8192 bits              |
//   | u8: 1   | (docs/format/bitmap.md)          |
//   +---------+----------------------------------+
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "filter/bitmap.h"

namespace amethyst::filter {

class KeySketch {
 public:
  static constexpr size_t kBits = 8192;
  static constexpr uint64_t kSampleOneIn = 512;

  KeySketch() : bits_(kBits) {}
  void Add(uint64_t key_hash) {
    if (key_hash % kSampleOneIn == 0) bits_.Set(key_hash / kSampleOneIn % kBits);
  }
  // Estimated number of keys that both hold, and that one holds.
  [[nodiscard]] static uint64_t EstimateShared(const KeySketch& a, const KeySketch& b);
  [[nodiscard]] uint64_t EstimateKeys() const;
  // The sketch of the union.
  KeySketch& operator|=(const KeySketch& other);

  void AppendTo(std::string* to) const;
  // Takes a sketch off the front of `from`, or leaves that as it was.
  [[nodiscard]] static std::optional<KeySketch> ReadFrom(std::string_view* from);
  [[nodiscard]] const Bitmap& bits() const { return bits_; }

 private:
  Bitmap bits_;
};

}  // namespace amethyst::filter
