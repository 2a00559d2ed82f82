#include "server/commands/command.h"

namespace amethyst::server {

std::span<const Command> SortedSetCommands() { return {}; }

}  // namespace amethyst::server
