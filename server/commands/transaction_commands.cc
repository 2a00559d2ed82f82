// MULTI, EXEC, DISCARD, WATCH, UNWATCH.
#include "server/commands/command.h"
#include "server/server.h"
#include "server/session.h"

namespace amethyst::server {

namespace {

void Multi(Call& call) {
  if (call.session.queue.is_open) return call.reply.Error("ERR MULTI calls can not be nested");
  call.session.queue.is_open = true;
  call.reply.Ok();
}

void Exec(Call& call) {
  if (!call.session.queue.is_open) return call.reply.Error("ERR EXEC without MULTI");
  call.server.ExecuteQueued(call.session, call.reply);
}

void Discard(Call& call) {
  if (!call.session.queue.is_open) return call.reply.Error("ERR DISCARD without MULTI");
  call.session.queue = {};
  call.server.watches().RemoveAll(call.session);
  call.reply.Ok();
}

void Watch(Call& call) {
  if (call.session.queue.is_open) return call.reply.Error("ERR WATCH inside MULTI is not allowed");
  for (const std::string_view key : call.args.subspan(1)) {
    const StoredKey stored(call.access, key);
    call.server.watches().Add(call.session, {.stored = call.access.stored_database(), .key = std::string(key)},
                              stored.HasExpired());
  }
  call.reply.Ok();
}

void Unwatch(Call& call) {
  call.server.watches().RemoveAll(call.session);
  call.reply.Ok();
}

constexpr uint32_t kFlags = kNoScript | kLoading | kStale | kFast | kAllowBusy;
constexpr Command kCommands[] = {
    {"multi", 1, kFlags, {}, "transactions", "1.2.0", "Starts a transaction.", Multi},
    {"exec",
     1,
     kNoScript | kLoading | kStale | kSkipSlowlog,
     {},
     "transactions",
     "1.2.0",
     "Executes all commands in a transaction.",
     Exec},
    {"discard", 1, kFlags, {}, "transactions", "2.0.0", "Discards a transaction.", Discard},
    {"watch",
     -2,
     kFlags,
     {1, -1, 1},
     "transactions",
     "2.2.0",
     "Monitors changes to keys to determine the execution of a transaction.",
     Watch},
    {"unwatch", 1, kFlags, {}, "transactions", "2.2.0", "Forgets about watched keys of a transaction.", Unwatch},
};

}  // namespace

std::span<const Command> TransactionCommands() { return kCommands; }

}  // namespace amethyst::server
