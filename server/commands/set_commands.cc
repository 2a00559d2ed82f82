#include "server/commands/command.h"

namespace amethyst::server {

std::span<const Command> SetCommands() { return {}; }

}  // namespace amethyst::server
