#include "server/commands/command.h"

namespace amethyst::server {

std::span<const Command> HashCommands() { return {}; }

}  // namespace amethyst::server
