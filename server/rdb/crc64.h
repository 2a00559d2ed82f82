// The checksum of Redis's files and of DUMP: CRC-64 with Jones's polynomial, reflected, from 0 and without a final xor.
// Pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace amethyst::server::rdb {

// `crc` is the checksum of what stands before the bytes.
[[nodiscard]] uint64_t Crc64(std::string_view bytes, uint64_t crc = 0);

}  // namespace amethyst::server::rdb
