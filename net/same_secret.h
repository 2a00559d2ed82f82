// Whether a password is right. Thread safety: pure functions.
#pragma once

#include <string_view>

namespace amethyst::net {

// Takes the same time wherever the two differ first.
[[nodiscard]] bool SameSecret(std::string_view given, std::string_view expected);

}  // namespace amethyst::net
