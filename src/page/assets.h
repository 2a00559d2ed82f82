// The files of the page, as they are embedded into the program (page/embed.cmake). Thread safety: constants.
#pragma once

#include <span>
#include <string_view>

namespace amethyst::page {

struct Asset {
  std::string_view name;  // "page.js"
  std::string_view type;  // As HTTP names it.
  std::string_view text;
};

// index.html first. uPlot's are missing where the program was built without npm.
[[nodiscard]] std::span<const Asset> Assets();
// nullptr: there is none of that name.
[[nodiscard]] const Asset* FindAsset(std::string_view name);

}  // namespace amethyst::page
