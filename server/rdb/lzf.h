// Strings that Redis has compressed with LZF. Pure function.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace amethyst::server::rdb {

// No compressed bytes become more than so many times as many.
inline constexpr size_t kLzfRatioMax = 88;

// False: these are no compressed bytes, or they do not fill `to` exactly.
[[nodiscard]] bool DecompressLzf(std::string_view compressed, std::span<char> to);

}  // namespace amethyst::server::rdb
