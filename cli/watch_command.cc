// watch: what the database that the shell has open has done.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/event_log.h"

namespace amethyst::cli {

namespace {

void Show(const Invocation& invocation) {
  for (const Event& event : invocation.session.events().Take()) {
    fmt::print(invocation.console().out, "{}\n", invocation.json ? EventJson(event) : EventLine(event));
  }
  invocation.console().out.flush();
}

Result<ExitCode> RunWatch(const Invocation& invocation) {
  if (!invocation.arguments.Has("--follow")) {
    AMETHYST_TRY(invocation.session.Close());  // Which delivers all.
    Show(invocation);
    return ExitCode::kOk;
  }
  AMETHYST_TRY(invocation.session.Database(Session::Access::kModify));
  while (!invocation.interrupted()) {
    Show(invocation);
    if (!invocation.console().out) return ExitCode::kPipeClosed;
    invocation.session.environment().clock().Sleep(std::chrono::milliseconds(50));
  }
  return ExitCode::kInterrupted;
}

constexpr OptionSpec kWatchOptions[] = {
    {.name = "--follow", .value = "", .help = "keep it open, and show what comes until interrupted"},
};

constexpr Command kWatchCommands[] = {
    {.name = "watch",
     .arguments = "",
     .summary = "Show what the database did since it was opened, or since the last watch",
     .details =
         "Flushes, compactions and their reasons, tables, families, delays of writes and errors, a line each, with\n"
         "their numbers since the open. The database is closed for it, so that nothing is missing; the next\n"
         "command opens it again. The last 4,096 events are kept.\n\n"
         "  printf 'put apple artichoke\\nflush\\nwatch\\n' | amethyst\n"
         "  amethyst watch --follow",
     .arity = {0, 0},
     .options = kWatchOptions,
     .run = RunWatch},
};

}  // namespace

std::span<const Command> WatchCommands() { return kWatchCommands; }

}  // namespace amethyst::cli
