// Passwords: whether one is right, and the words of a command as others may see them. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "server/commands/command.h"

namespace amethyst::server {

// Takes the same time wherever the two differ first.
[[nodiscard]] bool SameSecret(std::string_view given, std::string_view expected);

// The arguments as the slow log and MONITOR may show them: without passwords.
[[nodiscard]] std::vector<std::string_view> WithoutSecrets(const Command& command, Arguments args);

}  // namespace amethyst::server
