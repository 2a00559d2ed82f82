// The words of a command as others may see them: without passwords. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "server/commands/command.h"

namespace amethyst::server {

// The arguments as the slow log and MONITOR may show them.
[[nodiscard]] std::vector<std::string_view> WithoutSecrets(const Command& command, Arguments args);

}  // namespace amethyst::server
