// SHA-1, by which clients name scripts. It protects nothing here. Source: FIPS 180-4.
// Thread safety: a pure function.
#pragma once

#include <string>
#include <string_view>

namespace amethyst::server {

// 40 hexadecimal digits.
[[nodiscard]] std::string Sha1Hex(std::string_view bytes);

}  // namespace amethyst::server
