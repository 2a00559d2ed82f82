// FUNCTION, as far as there are none: programs that clear all before they begin need an answer.
#include "server/commands/command.h"

namespace amethyst::server {

namespace {

void FunctionFlush(Call& call) {
  if (call.size() > 3 || (call.size() == 3 && !call.Is(2, "sync") && !call.Is(2, "async"))) {
    return call.reply.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  call.reply.Ok();
}

void FunctionList(Call& call) { call.reply.Array(0); }

constexpr Command kFunctionCommands[] = {
    {"function|flush",
     -2,
     kWrite | kNoScript,
     {},
     "scripting",
     "7.0.0",
     "Deletes all libraries and functions.",
     FunctionFlush},
    {"function|list",
     -2,
     kNoScript,
     {},
     "scripting",
     "7.0.0",
     "Returns information about all libraries.",
     FunctionList},
};
constexpr Command kCommands[] = {
    {"function",
     -2,
     0,
     {},
     "scripting",
     "7.0.0",
     "A container for function commands.",
     nullptr,
     nullptr,
     kFunctionCommands},
};

}  // namespace

std::span<const Command> FunctionCommands() { return kCommands; }

}  // namespace amethyst::server
