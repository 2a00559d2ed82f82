// INFO: what the server and its database have done and look like now, as Redis's text of sections.
// Thread safety: one thread, the server's loop.
#pragma once

#include <string>

#include "server/commands/command.h"

namespace amethyst::server {

// The sections of these names, in a fixed order; none: those that Redis shows by default, and `amethyst`. "all" and
// "everything" are all of them; what is no section's name is left out.
[[nodiscard]] std::string InfoText(Call& call, Arguments names);

}  // namespace amethyst::server
