// SLOWLOG: the last commands that took long.
#include <algorithm>
#include <string>

#include "server/commands/command.h"
#include "server/commands/numbers.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

constexpr int64_t kShownByDefault = 10;

void SlowLogGet(Call& call) {
  if (call.size() > 3) {
    return call.reply.Error("ERR unknown subcommand or wrong number of arguments for 'get'. Try SLOWLOG HELP.");
  }
  int64_t count = kShownByDefault;
  if (call.size() == 3) {
    const auto given = ReadInteger(call[2]);
    if (!given || *given < -1) return call.reply.Error("ERR count should be greater than or equal to -1");
    count = *given;
  }
  const auto& entries = call.server.slow_log().entries();
  const size_t shown = count < 0 ? entries.size() : std::min(entries.size(), static_cast<size_t>(count));
  call.reply.Array(shown);
  for (size_t i = 0; i < shown; ++i) {
    const SlowLog::Entry& entry = entries[i];
    call.reply.Array(6);
    call.reply.Integer(static_cast<int64_t>(entry.id));
    call.reply.Integer(static_cast<int64_t>(entry.time_s));
    call.reply.Integer(static_cast<int64_t>(entry.microseconds));
    call.reply.Array(entry.args.size());
    for (const std::string& arg : entry.args) call.reply.Bulk(arg);
    call.reply.Bulk(entry.peer);
    call.reply.Bulk(entry.client_name);
  }
}

void SlowLogLen(Call& call) { call.reply.Integer(static_cast<int64_t>(call.server.slow_log().entries().size())); }

void SlowLogReset(Call& call) {
  call.server.slow_log().Reset();
  call.reply.Ok();
}

constexpr uint32_t kFlags = kAdmin | kLoading | kStale;
constexpr Command kSlowLogCommands[] = {
    {"slowlog|get", -2, kFlags, {}, "server", "2.2.12", "Returns the slow log's entries.", SlowLogGet},
    {"slowlog|len", 2, kFlags, {}, "server", "2.2.12", "Returns the number of entries in the slow log.", SlowLogLen},
    {"slowlog|reset", 2, kFlags, {}, "server", "2.2.12", "Clears all entries from the slow log.", SlowLogReset},
};
constexpr Command kCommands[] = {
    {"slowlog",
     -2,
     0,
     {},
     "server",
     "2.2.12",
     "A container for slow log commands.",
     nullptr,
     nullptr,
     kSlowLogCommands},
};

}  // namespace

std::span<const Command> SlowLogCommands() { return kCommands; }

}  // namespace amethyst::server
