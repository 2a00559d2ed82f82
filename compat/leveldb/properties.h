// The texts of DB::GetProperty, from Amethyst's figures. Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "amethyst/stats.h"

namespace amethyst::compat {

// nullopt: LevelDB knows no such property.
[[nodiscard]] std::optional<std::string> PropertyOf(const Stats& stats, std::string_view name);

}  // namespace amethyst::compat
