#include "cli/console.h"

#include <fmt/format.h>

namespace amethyst::cli {

namespace {

std::string_view CodeOf(Hue hue) {
  switch (hue) {
    case Hue::kKey: return "36";
    case Hue::kHeading: return "1;35";
    case Hue::kDim: return "2";
    case Hue::kGood: return "32";
    case Hue::kBad: return "1;31";
  }
  return "0";
}

}  // namespace

std::string Colored(bool colors, Hue hue, std::string_view text) {
  return colors ? fmt::format("\033[{}m{}\033[0m", CodeOf(hue), text) : std::string(text);
}

}  // namespace amethyst::cli
