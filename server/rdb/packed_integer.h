// Signed little-endian integers of one to eight bytes, as Redis packs them. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace amethyst::server::rdb {

// Of 1 to 8 bytes.
[[nodiscard]] inline int64_t ReadPackedInteger(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  const unsigned unused = 64 - 8 * static_cast<unsigned>(bytes.size());
  return static_cast<int64_t>(value << unused) >> unused;
}

inline void AppendPackedInteger(std::string* to, int64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to->push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
}

// Whether it fits into that many bits with its sign.
[[nodiscard]] constexpr bool FitsInBits(int64_t value, int bits) {
  return bits == 64 || (value >= -(int64_t{1} << (bits - 1)) && value < int64_t{1} << (bits - 1));
}

}  // namespace amethyst::server::rdb
