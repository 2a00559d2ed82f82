// Keys from numbers: the same number always gives the same key, distinct numbers give distinct keys.
//
// There are several kinds because engines treat them differently: short prefixes, entropy in the first bytes, and order
// of insertion all decide how fast a comparison is. Thread safety: immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace amethyst::bench {

enum class KeyKind : uint8_t {
  kDecimal,  // 16 digits.
  kHashed,   // 16 hexadecimal digits without any order.
  kBinary,   // 8 bytes, big-endian.
  kUrl,      // https://shop-07.example.com/catalogue/items/0000000000012345
  kPrefix,   // 16 digits after 64 bytes that are always the same.
  kTime,     // 16 bytes: a timestamp of microseconds, then hashed bytes, as in a UUIDv7.
};

class KeyMaker {
 public:
  explicit KeyMaker(KeyKind kind) : kind_(kind) {}

  // Numbers below 10^16.
  void Make(uint64_t number, std::string* key) const;

  // Whether keys sort as their numbers do.
  [[nodiscard]] bool ordered() const { return kind_ != KeyKind::kHashed && kind_ != KeyKind::kUrl; }
  [[nodiscard]] size_t bytes() const;

 private:
  KeyKind kind_;
};

// Names as on the command line, in the order of the enumeration.
[[nodiscard]] const std::vector<std::string>& KeyKindNames();

}  // namespace amethyst::bench
