// HELP, the subcommand that every container such as CONFIG has, made from the container's table.
// Thread safety: one thread, the server's loop.
#pragma once

#include "server/commands/command.h"

namespace amethyst::server {

// The line of "config|help". It lives for ever.
[[nodiscard]] const Command& HelpOf(const Command& container);
[[nodiscard]] std::string UpperCase(std::string_view text);

}  // namespace amethyst::server
