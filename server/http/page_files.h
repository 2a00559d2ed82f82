// The files of server/page, which CMake puts into the program. Thread safety: pure functions.
#pragma once

#include <span>
#include <string_view>

namespace amethyst::server {

struct PageFile {
  std::string_view path;  // As a request names it: "/map.js"; index.html is "/".
  std::string_view content_type;
  std::string_view bytes;
};
[[nodiscard]] std::span<const PageFile> PageFiles();

}  // namespace amethyst::server
