#include "server/rdb/crc64.h"

#include <array>

#include "base/coding.h"

namespace amethyst::server::rdb {

namespace {

constexpr uint64_t kPolynomial = 0x95ac9329ac4bc9b5;  // 0xad93d23594c935a9, reflected.
constexpr size_t kStep = sizeof(uint64_t);

// What a byte does to the sum, with up to seven bytes behind it.
constexpr std::array<std::array<uint64_t, 256>, kStep> kTables = [] {
  std::array<std::array<uint64_t, 256>, kStep> tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t behind = 1; behind < kStep; ++behind) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t crc = tables[behind - 1][byte];
      tables[behind][byte] = tables[0][crc & 0xff] ^ (crc >> 8);
    }
  }
  return tables;
}();

}  // namespace

// Eight bytes at a time ("slicing by 8"): their sums do not wait for one another.
uint64_t Crc64(std::string_view bytes, uint64_t crc) {
  for (; bytes.size() >= kStep; bytes.remove_prefix(kStep)) {
    crc ^= base::LoadFixed<uint64_t>(bytes.data());
    uint64_t sum = 0;
    for (size_t i = 0; i < kStep; ++i) sum ^= kTables[kStep - 1 - i][(crc >> (8 * i)) & 0xff];
    crc = sum;
  }
  for (const char byte : bytes) crc = kTables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ (crc >> 8);
  return crc;
}

}  // namespace amethyst::server::rdb
