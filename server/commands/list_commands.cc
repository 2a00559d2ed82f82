#include "server/commands/command.h"

namespace amethyst::server {

std::span<const Command> ListCommands() { return {}; }

}  // namespace amethyst::server
