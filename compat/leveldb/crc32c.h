// The checksum of LevelDB's files: CRC-32C, and the way in which files hold it. Thread safety: pure functions.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace amethyst::compat {

#ifndef __SSE4_2__
inline constexpr std::array<uint32_t, 256> kCrc32cTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    table[i] = i;
    for (int bit = 0; bit < 8; ++bit) table[i] = table[i] >> 1 ^ (table[i] & 1) * 0x82f63b78;
  }
  return table;
}();
#endif

[[nodiscard]] inline uint32_t Crc32c(std::string_view bytes) {
  uint64_t crc = 0xffffffff;
#ifdef __SSE4_2__
  for (; bytes.size() >= sizeof(uint64_t); bytes.remove_prefix(sizeof(uint64_t))) {
    uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof(word));
    crc = _mm_crc32_u64(crc, word);
  }
  for (const char byte : bytes) crc = _mm_crc32_u8(static_cast<uint32_t>(crc), static_cast<uint8_t>(byte));
#else
  for (const char byte : bytes) crc = crc >> 8 ^ kCrc32cTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
#endif
  return ~static_cast<uint32_t>(crc);
}

// As files hold it, for a checksum of bytes that hold checksums is a weak one.
[[nodiscard]] inline uint32_t MaskedCrc32c(std::string_view bytes) { return std::rotr(Crc32c(bytes), 15) + 0xa282ead8; }

}  // namespace amethyst::compat
