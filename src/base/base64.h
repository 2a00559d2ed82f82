// Bytes as base64 (RFC 4648, with padding), for JSON and HTTP. Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace amethyst::base {

[[nodiscard]] std::string EncodeBase64(std::string_view bytes);
// nullopt: not canonical base64.
[[nodiscard]] std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace amethyst::base
