// The first line of a script, "#!lua flags=no-writes", which says how it behaves.
// Thread safety: a pure function.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace amethyst::server {

struct Shebang {
  bool is_there = false;
  bool no_writes = false;  // The one flag that means something here.
  size_t bytes = 0;        // Up to its line's end, which stays so that the lines keep their numbers.
};
// The error is Redis's text, without its code.
[[nodiscard]] std::expected<Shebang, std::string> ReadShebang(std::string_view script);

}  // namespace amethyst::server
