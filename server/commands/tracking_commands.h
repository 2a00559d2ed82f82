// The subcommands of CLIENT for caches of clients; client_commands.cc has their lines.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>

#include "server/commands/command.h"
#include "server/tracking_mode.h"

namespace amethyst::server {

void ClientTracking(Call& call);
void ClientCaching(Call& call);
void ClientGetRedir(Call& call);
void ClientTrackingInfo(Call& call);
// The id of the session that is told instead; 0: this one; -1: nothing is tracked.
[[nodiscard]] int64_t RedirectOf(const TrackingMode& mode);

}  // namespace amethyst::server
