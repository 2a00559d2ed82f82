// The categories of Redis's access lists that a command is in: "@read". Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "server/commands/command.h"

namespace amethyst::server {

// As COMMAND INFO shows them: from flags, group, and some exceptions.
[[nodiscard]] std::vector<std::string_view> CategoriesOf(const Command& command);

}  // namespace amethyst::server
