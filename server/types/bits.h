// The bits of a string: single ones, counts, searches, combinations, and fields of up to 64 bits.
//
// Bit 0 is the highest bit of the first byte, as in Redis. Behind its end a string has zeros for ever; the functions
// that write make it longer where they must. Counting, searching and combining work on eight bytes at a time.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace amethyst::server {

inline constexpr uint64_t kBitsInByte = 8;

[[nodiscard]] bool BitAt(std::string_view bytes, uint64_t bit);
// The string must reach that far.
void SetBit(std::string* bytes, uint64_t bit, bool value);

// Bits from `first` to `last`, both included and both within the string.
struct BitRange {
  uint64_t first;
  uint64_t last;
};
// How many bits are 1.
[[nodiscard]] uint64_t CountBits(std::string_view bytes, BitRange range);
// The first bit that is `value`.
[[nodiscard]] std::optional<uint64_t> FindBit(std::string_view bytes, bool value, BitRange range);

enum class BitOperation : uint8_t { kAnd, kOr, kXor };
// As long as the longest of them; shorter ones are filled up with zeros.
[[nodiscard]] std::string CombineBits(BitOperation operation, std::span<const std::string_view> sources);
[[nodiscard]] std::string InvertBits(std::string_view source);

// An integer of 1 to 64 bits, or of 1 to 63 where it has no sign.
struct FieldType {
  bool is_signed = false;
  unsigned bits = 0;
};
// "i16", "u8".
[[nodiscard]] std::optional<FieldType> ReadFieldType(std::string_view text);
// The integer whose highest bit stands at `bit`.
[[nodiscard]] int64_t ReadField(std::string_view bytes, uint64_t bit, FieldType type);
// The lowest bits of `value`. The string must reach that far.
void WriteField(std::string* bytes, uint64_t bit, FieldType type, int64_t value);

// How an integer is made to fit that a field cannot hold. A failure leaves the choice to the caller.
enum class Overflow : uint8_t { kWrap, kSaturate, kFail };
struct Fitted {
  int64_t value = 0;  // Means nothing after a failure.
  bool has_failed = false;
};
// For an unsigned field the value is taken as unsigned: -1 is far too large.
[[nodiscard]] Fitted FitIntoField(FieldType type, Overflow overflow, int64_t value);
// `value` is one that the field can hold.
[[nodiscard]] Fitted AddInField(FieldType type, Overflow overflow, int64_t value, int64_t delta);

}  // namespace amethyst::server
