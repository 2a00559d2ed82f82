// MONITOR: shows the client each command that runs from now on.
#include "server/commands/command.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

void Monitor(Call& call) {
  if (call.server.in_exec()) return call.reply.Error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  call.server.monitors().Add(call.session);
  call.reply.Ok();
}

constexpr Command kCommands[] = {
    {"monitor",
     1,
     kAdmin | kNoScript | kLoading | kStale,
     {},
     "server",
     "1.0.0",
     "Listens for all requests received by the server in real-time.",
     Monitor},
};

}  // namespace

std::span<const Command> MonitorCommands() { return kCommands; }

}  // namespace amethyst::server
