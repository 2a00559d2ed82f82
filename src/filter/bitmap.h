// A fixed-size array of bits, and its compact form: what Bloom filters and key sketches are made of.
//
// In memory it is 64-bit words, of which those past bit_count() are zero. Serialised it is a sorted array of positions,
// runs, or words, whichever is smallest (after Roaring, Chambi et al. 2016, for one container of any size). Thread
// safety: like std::vector.
//
//    0      1               v               v
//   +------+---------------+---------------+-----------------------------------------------------------------------+
//   | form | bit_count     | count         | payload                                                               |
//   | u8   | varint        | varint        |                                                                       |
//   +------+---------------+---------------+-----------------------------------------------------------------------+
//   form 0, array: count positions, each a varint: the clear bits between it and the one before
//   form 1, runs:  count pairs of varints: clear bits before the run (0 only for the first), set bits in it less one
//   form 2, words: no count; ceil(bit_count / 64) words of 8 bytes, bit i in word i / 64, the bits past the end zero
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/assert.h"

namespace amethyst::filter {

class Bitmap {
 public:
  explicit Bitmap(size_t bit_count = 0) : bit_count_(bit_count), words_(WordCount(bit_count)) {}

  [[nodiscard]] size_t bit_count() const { return bit_count_; }
  void Set(size_t bit) {
    AMETHYST_DCHECK(bit < bit_count_);
    words_[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  void Reset(size_t bit) {
    AMETHYST_DCHECK(bit < bit_count_);
    words_[bit / 64] &= ~(uint64_t{1} << (bit % 64));
  }

  // Both must have the same bit_count.
  Bitmap& operator&=(const Bitmap& other);
  Bitmap& operator|=(const Bitmap& other);
  [[nodiscard]] size_t PopCount() const;
  [[nodiscard]] static size_t AndPopCount(const Bitmap& a, const Bitmap& b);
  // The first set bit at or after `from`, or bit_count().
  [[nodiscard]] size_t NextSet(size_t from) const;
  // The first clear bit at or after `from`, or bit_count().
  [[nodiscard]] size_t NextClear(size_t from) const;

  [[nodiscard]] std::span<const uint64_t> words() const { return words_; }
  [[nodiscard]] std::span<uint64_t> mutable_words() { return words_; }
  [[nodiscard]] bool operator==(const Bitmap&) const = default;

  // The smallest of the three forms (docs/format/bitmap.md).
  void AppendTo(std::string* to) const;
  // Takes a bitmap off the front of `from`, or leaves that as it was; refuses more than `bit_count_max` bits, so that
  // hostile input cannot ask for memory.
  [[nodiscard]] static Result<Bitmap> ReadFrom(std::string_view* from, size_t bit_count_max);

 private:
  [[nodiscard]] static size_t WordCount(size_t bit_count) { return bit_count / 64 + (bit_count % 64 != 0 ? 1 : 0); }
  [[nodiscard]] std::string EncodeArray(size_t bytes_max) const;
  [[nodiscard]] std::string EncodeRuns(size_t bytes_max) const;
  [[nodiscard]] bool DecodeArray(std::string_view* from);
  [[nodiscard]] bool DecodeRuns(std::string_view* from);
  [[nodiscard]] bool DecodeWords(std::string_view* from);

  size_t bit_count_;
  std::vector<uint64_t> words_;
};

}  // namespace amethyst::filter
