#include "server/commands/command.h"

namespace amethyst::server {

std::span<const Command> ServerCommands() { return {}; }

}  // namespace amethyst::server
