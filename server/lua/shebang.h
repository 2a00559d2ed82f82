// The first line of a script, "#!lua flags=no-writes", which says how it behaves.
// Thread safety: a pure function.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "server/lua/script_flags.h"

namespace amethyst::server {

struct Shebang {
  bool is_there = false;
  ScriptFlags flags{};
  size_t bytes = 0;  // Up to its line's end, which stays so that the lines keep their numbers.
};
// The error is Redis's text, without its code.
[[nodiscard]] std::expected<Shebang, std::string> ReadShebang(std::string_view script);

}  // namespace amethyst::server
