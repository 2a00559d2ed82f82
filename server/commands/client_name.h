// Names that clients give themselves. Thread safety: pure function.
#pragma once

#include <algorithm>
#include <string_view>

namespace amethyst::server {

// Visible ASCII alone, so that CLIENT LIST stays one line for each client.
[[nodiscard]] inline bool IsClientName(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= '!' && c <= '~'; });
}
inline constexpr std::string_view kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

}  // namespace amethyst::server
