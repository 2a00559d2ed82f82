#include "filter/bitmap.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bits.h"
#include "base/coding.h"
#include "base/error.h"

namespace amethyst::filter {
namespace {

enum class Form : uint8_t { kArray = 0, kRuns = 1, kWords = 2 };

}  // namespace

Bitmap& Bitmap::operator&=(const Bitmap& other) {
  AMETHYST_ASSERT(bit_count_ == other.bit_count_);
  for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  return *this;
}

Bitmap& Bitmap::operator|=(const Bitmap& other) {
  AMETHYST_ASSERT(bit_count_ == other.bit_count_);
  for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  return *this;
}

size_t Bitmap::PopCount() const { return AndPopCount(*this, *this); }

size_t Bitmap::AndPopCount(const Bitmap& a, const Bitmap& b) {
  AMETHYST_ASSERT(a.bit_count_ == b.bit_count_);
  size_t count = 0;
  for (size_t i = 0; i < a.words_.size(); ++i) count += static_cast<size_t>(std::popcount(a.words_[i] & b.words_[i]));
  return count;
}

size_t Bitmap::NextSet(size_t from) const { return std::min(bit_count_, base::NextBit(words_, from, true)); }

size_t Bitmap::NextClear(size_t from) const { return std::min(bit_count_, base::NextBit(words_, from, false)); }

// Both encoders stop once they exceed `bytes_max`, when another form has won: their result is then cut short but longer
// than that.

std::string Bitmap::EncodeArray(size_t bytes_max) const {
  std::string bytes;
  base::AppendVarint(&bytes, PopCount());
  size_t expected = 0;
  for (size_t bit = NextSet(0); bit < bit_count_ && bytes.size() <= bytes_max; bit = NextSet(expected)) {
    base::AppendVarint(&bytes, bit - expected);
    expected = bit + 1;
  }
  return bytes;
}

std::string Bitmap::EncodeRuns(size_t bytes_max) const {
  std::string pairs;
  size_t count = 0;
  size_t end = 0;
  for (size_t begin = NextSet(0); begin < bit_count_ && pairs.size() <= bytes_max; begin = NextSet(end)) {
    base::AppendVarint(&pairs, begin - end);
    end = NextClear(begin);
    base::AppendVarint(&pairs, end - begin - 1);
    ++count;
  }
  std::string bytes;
  base::AppendVarint(&bytes, count);
  return bytes + pairs;
}

void Bitmap::AppendTo(std::string* to) const {
  AMETHYST_ASSERT(words_.size() == WordCount(bit_count_));
  AMETHYST_ASSERT(bit_count_ % 64 == 0 || words_.back() >> (bit_count_ % 64) == 0);
  const std::string_view words(reinterpret_cast<const char*>(words_.data()), words_.size() * sizeof(uint64_t));
  const std::string array = EncodeArray(words.size());
  const std::string runs = EncodeRuns(std::min(array.size(), words.size()));
  Form form = Form::kWords;
  std::string_view payload = words;
  if (array.size() <= payload.size()) form = Form::kArray, payload = array;
  if (runs.size() < payload.size()) form = Form::kRuns, payload = runs;
  to->push_back(static_cast<char>(form));
  base::AppendVarint(to, bit_count_);
  to->append(payload);
}

bool Bitmap::DecodeArray(std::string_view* from) {
  uint64_t count = 0;
  if (!base::ReadVarint64(from, &count)) return false;
  for (size_t next = 0; count > 0; --count) {
    uint64_t skip = 0;
    if (!base::ReadVarint64(from, &skip) || skip >= bit_count_ - next) return false;
    Set(next + skip);
    next += skip + 1;
  }
  return true;
}

bool Bitmap::DecodeRuns(std::string_view* from) {
  uint64_t count = 0;
  if (!base::ReadVarint64(from, &count)) return false;
  for (size_t next = 0; count > 0; --count) {
    uint64_t skip = 0;
    uint64_t length_less_one = 0;
    if (!base::ReadVarint64(from, &skip) || skip >= bit_count_ - next || (next > 0 && skip == 0)) return false;
    next += skip;
    if (!base::ReadVarint64(from, &length_less_one) || length_less_one >= bit_count_ - next) return false;
    base::FillBits(words_, next, next + length_less_one + 1, true);
    next += length_less_one + 1;
  }
  return true;
}

bool Bitmap::DecodeWords(std::string_view* from) {
  const size_t bytes = words_.size() * sizeof(uint64_t);
  if (from->size() < bytes) return false;
  if (bytes > 0) std::memcpy(words_.data(), from->data(), bytes);
  from->remove_prefix(bytes);
  return bit_count_ % 64 == 0 || words_.back() >> (bit_count_ % 64) == 0;
}

Result<Bitmap> Bitmap::ReadFrom(std::string_view* from, size_t bit_count_max) {
  std::string_view rest = *from;
  uint8_t form = 0;
  uint64_t bit_count = 0;
  if (!base::ReadFixed(&rest, &form) || !base::ReadVarint64(&rest, &bit_count)) {
    return base::Corruption("bitmap: {} bytes do not hold its header", from->size());
  }
  if (bit_count > bit_count_max) {
    return base::Corruption("bitmap: expected {} bits at the most, found {}", bit_count_max, bit_count);
  }
  Bitmap bitmap(bit_count);
  bool decoded = false;
  switch (static_cast<Form>(form)) {
    case Form::kArray: decoded = bitmap.DecodeArray(&rest); break;
    case Form::kRuns: decoded = bitmap.DecodeRuns(&rest); break;
    case Form::kWords: decoded = bitmap.DecodeWords(&rest); break;
    default: return base::Corruption("bitmap: expected form 0, 1 or 2, found {}", form);
  }
  if (!decoded) return base::Corruption("bitmap: {} bits of form {} end early or overrun", bit_count, form);
  *from = rest;
  return bitmap;
}

}  // namespace amethyst::filter
