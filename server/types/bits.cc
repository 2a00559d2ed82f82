#include "server/types/bits.h"

#include <algorithm>
#include <bit>

#include "base/coding.h"
#include "server/commands/numbers.h"

namespace amethyst::server {

namespace {

constexpr unsigned kFieldBitsMax = 64;
constexpr uint64_t kWordBytes = sizeof(uint64_t);

uint8_t ByteAt(std::string_view bytes, uint64_t i) { return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0; }

uint64_t WordAt(const char* from) { return base::LoadFixed<uint64_t>(from); }

uint64_t CountInBytes(std::string_view bytes) {
  uint64_t count = 0;
  uint64_t i = 0;
  for (; i + kWordBytes <= bytes.size(); i += kWordBytes) {
    count += static_cast<uint64_t>(std::popcount(WordAt(&bytes[i])));
  }
  for (; i < bytes.size(); ++i) count += static_cast<uint64_t>(std::popcount(ByteAt(bytes, i)));
  return count;
}

// The first place from `i` on where the string has another byte than eight of `byte`, in steps of eight.
uint64_t SkipWordsOf(uint8_t byte, std::string_view bytes, uint64_t i) {
  const uint64_t word = 0x0101010101010101ULL * byte;
  while (i + kWordBytes <= bytes.size() && WordAt(&bytes[i]) == word) i += kWordBytes;
  return i;
}

template <typename Operation>
void CombineInto(std::string* to, std::string_view from, Operation combine) {
  uint64_t i = 0;
  for (; i + kWordBytes <= from.size(); i += kWordBytes) {
    const uint64_t word = combine(WordAt(&(*to)[i]), WordAt(&from[i]));
    base::StoreFixed(&(*to)[i], word);
  }
  for (; i < from.size(); ++i) (*to)[i] = static_cast<char>(combine(ByteAt(*to, i), ByteAt(from, i)));
}

int64_t LargestIn(FieldType type) {
  const uint64_t largest = ~uint64_t{0} >> (kFieldBitsMax - type.bits);
  return static_cast<int64_t>(type.is_signed ? largest >> 1 : largest);
}
int64_t SmallestIn(FieldType type) { return type.is_signed ? -LargestIn(type) - 1 : 0; }

// The lowest bits, with the sign that they have.
int64_t WrapIntoField(FieldType type, uint64_t value) {
  const uint64_t raised = value << (kFieldBitsMax - type.bits);
  return type.is_signed ? static_cast<int64_t>(raised) >> (kFieldBitsMax - type.bits)
                        : static_cast<int64_t>(raised >> (kFieldBitsMax - type.bits));
}

Fitted Resolve(FieldType type, Overflow overflow, bool is_above, uint64_t value) {
  switch (overflow) {
    case Overflow::kWrap: return {.value = WrapIntoField(type, value)};
    case Overflow::kSaturate: return {.value = is_above ? LargestIn(type) : SmallestIn(type)};
    case Overflow::kFail: break;
  }
  return {.has_failed = true};
}

}  // namespace

bool BitAt(std::string_view bytes, uint64_t bit) {
  return (ByteAt(bytes, bit / kBitsInByte) >> (7 - bit % kBitsInByte) & 1) != 0;
}

void SetBit(std::string* bytes, uint64_t bit, bool value) {
  char& byte = (*bytes)[bit / kBitsInByte];
  const auto mask = static_cast<uint8_t>(0x80U >> bit % kBitsInByte);
  byte = static_cast<char>(value ? static_cast<uint8_t>(byte) | mask : static_cast<uint8_t>(byte) & ~mask);
}

uint64_t CountBits(std::string_view bytes, BitRange range) {
  const uint64_t first = range.first / kBitsInByte;
  const uint64_t last = range.last / kBitsInByte;
  // Whole bytes, without the bits of the outer two that lie outside.
  const auto before = static_cast<uint8_t>(ByteAt(bytes, first) & ~(0xffU >> range.first % kBitsInByte));
  const auto behind = static_cast<uint8_t>(ByteAt(bytes, last) & (0x7fU >> range.last % kBitsInByte));
  return CountInBytes(bytes.substr(first, last - first + 1)) -
         static_cast<uint64_t>(std::popcount(before) + std::popcount(behind));
}

std::optional<uint64_t> FindBit(std::string_view bytes, bool value, BitRange range) {
  const uint8_t skipped = value ? 0 : 0xff;
  unsigned mask = 0xffU >> range.first % kBitsInByte;
  for (uint64_t i = range.first / kBitsInByte; i <= range.last / kBitsInByte;) {
    const auto differing = static_cast<uint8_t>((ByteAt(bytes, i) ^ skipped) & mask);
    if (differing != 0) {
      const uint64_t bit = i * kBitsInByte + static_cast<uint64_t>(std::countl_zero(differing));
      return bit <= range.last ? std::optional(bit) : std::nullopt;
    }
    mask = 0xff;
    i = SkipWordsOf(skipped, bytes, i + 1);
  }
  return {};
}

std::string CombineBits(BitOperation operation, std::span<const std::string_view> sources) {
  size_t longest = 0;
  size_t shortest = SIZE_MAX;
  for (const std::string_view source : sources) {
    longest = std::max(longest, source.size());
    shortest = std::min(shortest, source.size());
  }
  if (longest == 0) return {};
  std::string combined(sources[0]);
  combined.resize(longest);
  for (const std::string_view source : sources.subspan(1)) {
    switch (operation) {
      case BitOperation::kAnd: CombineInto(&combined, source, [](auto a, auto b) { return a & b; }); break;
      case BitOperation::kOr: CombineInto(&combined, source, [](auto a, auto b) { return a | b; }); break;
      case BitOperation::kXor: CombineInto(&combined, source, [](auto a, auto b) { return a ^ b; }); break;
    }
  }
  if (operation == BitOperation::kAnd)
    std::fill(combined.begin() + static_cast<std::ptrdiff_t>(shortest), combined.end(), '\0');
  return combined;
}

std::string InvertBits(std::string_view source) {
  std::string inverted(source);
  CombineInto(&inverted, source, [](auto, auto b) { return ~b; });
  return inverted;
}

std::optional<FieldType> ReadFieldType(std::string_view text) {
  if (text.empty() || (text[0] != 'i' && text[0] != 'u')) return {};
  const bool is_signed = text[0] == 'i';
  const auto bits = ReadInteger(text.substr(1));
  if (!bits || *bits < 1 || *bits > (is_signed ? 64 : 63)) return {};
  return FieldType{.is_signed = is_signed, .bits = static_cast<unsigned>(*bits)};
}

int64_t ReadField(std::string_view bytes, uint64_t bit, FieldType type) {
  // A field touches nine bytes at the most: eight in a word, and one behind it.
  const uint64_t first = bit / kBitsInByte;
  const uint64_t shift = bit % kBitsInByte;
  uint64_t word = 0;
  for (uint64_t i = first; i < first + kWordBytes; ++i) word = word << kBitsInByte | ByteAt(bytes, i);
  word <<= shift;
  if (shift != 0) word |= static_cast<uint64_t>(ByteAt(bytes, first + kWordBytes)) >> (kBitsInByte - shift);
  return WrapIntoField(type, word >> (kFieldBitsMax - type.bits));
}

void WriteField(std::string* bytes, uint64_t bit, FieldType type, int64_t value) {
  for (unsigned i = 0; i < type.bits; ++i) {
    SetBit(bytes, bit + i, (static_cast<uint64_t>(value) >> (type.bits - 1 - i) & 1) != 0);
  }
}

Fitted FitIntoField(FieldType type, Overflow overflow, int64_t value) {
  if (value >= SmallestIn(type) && value <= LargestIn(type)) return {.value = value};
  // As in Redis: a number so low that its distance from the largest overflows saturates to the largest.
  int64_t distance = 0;
  const bool is_above =
      value > LargestIn(type) || !type.is_signed || __builtin_sub_overflow(LargestIn(type), value, &distance);
  return Resolve(type, overflow, is_above, static_cast<uint64_t>(value));
}

Fitted AddInField(FieldType type, Overflow overflow, int64_t value, int64_t delta) {
  int64_t sum = 0;
  const bool is_beyond = AddOverflows(value, delta, &sum);
  if (!is_beyond && sum >= SmallestIn(type) && sum <= LargestIn(type)) return {.value = sum};
  return Resolve(type, overflow, delta > 0, static_cast<uint64_t>(value) + static_cast<uint64_t>(delta));
}

}  // namespace amethyst::server
