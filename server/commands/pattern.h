// Patterns as KEYS and PSUBSCRIBE take them: *, ?, [a-z], [^a], \x. Pure functions.
#pragma once

#include <string_view>

namespace amethyst::server {

// Takes time in proportion to pattern times text at most, whatever the stars.
[[nodiscard]] bool Matches(std::string_view pattern, std::string_view text, bool ignore_case = false);

}  // namespace amethyst::server
