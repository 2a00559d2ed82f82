// Text as a JSON string. Thread safety: pure functions.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace amethyst::capi {

[[nodiscard]] inline std::string JsonText(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      json += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      json += c;
    }
  }
  return json + '"';
}

}  // namespace amethyst::capi
