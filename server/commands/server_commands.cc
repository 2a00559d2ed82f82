// The server as a whole: INFO, SAVE, SHUTDOWN, TIME, ROLE and the like.
#include <fmt/format.h>

#include <string>

#include "amethyst/version.h"
#include "server/commands/command.h"
#include "server/commands/info.h"
#include "server/commands/numbers.h"
#include "server/script_runner.h"
#include "server/server.h"
#include "server/session.h"
#include "server/version.h"

namespace amethyst::server {

namespace {

void Info(Call& call) { call.reply.Verbatim("txt", InfoText(call, call.args.subspan(1))); }

void Time(Call& call) {
  const auto now_us = static_cast<int64_t>(call.server.NowUs());
  call.reply.Array(2);
  call.reply.BulkInteger(now_us / 1'000'000);
  call.reply.BulkInteger(now_us % 1'000'000);
}

// False: the error has been said.
bool MakeCheckpoint(Call& call) {
  Log& log = call.server.log();
  const uint64_t begin_us = call.server.MonotonicUs();
  log.Write(LogLevel::kNotice, "checkpoint-begin", "a checkpoint begins");
  const Status made = call.server.checkpoints().Make(call.now_ms());
  if (!made) {
    log.Write(LogLevel::kWarning, "checkpoint-failed", "a checkpoint failed: " + made.error().ToString());
    call.reply.Error("ERR " + made.error().ToString());
    return false;
  }
  const auto took_us = static_cast<int64_t>(call.server.MonotonicUs() - begin_us);
  log.Write(LogLevel::kNotice, "checkpoint-end", fmt::format("the checkpoint is there, after {} us", took_us),
            {{"took_us", took_us}});
  call.server.counters().changes = 0;
  return true;
}

void Save(Call& call) {
  if (MakeCheckpoint(call)) call.reply.Ok();
}

// A copy shares the tables with the database, so it is made at once.
void BgSave(Call& call) {
  if (call.size() > 2 || (call.size() == 2 && !call.Is(1, "schedule"))) return call.reply.Error(kSyntax);
  if (MakeCheckpoint(call)) call.reply.Simple("Background saving started");
}

void LastSave(Call& call) { call.reply.Integer(static_cast<int64_t>(call.server.checkpoints().last_ms() / 1000)); }

// Compaction does all the time what Redis does then.
void BgRewriteAof(Call& call) { call.reply.Simple("Background append only file rewriting started"); }

void Shutdown(Call& call) {
  bool saves = false;
  bool saves_not = false;
  for (size_t i = 1; i < call.size(); ++i) {
    if (call.Is(i, "save")) {
      saves = true;
    } else if (call.Is(i, "nosave")) {
      saves_not = true;
    } else if (call.Is(i, "abort") && call.size() == 2) {
      return call.reply.Error("ERR No shutdown in progress.");
    } else if (!call.Is(i, "now") && !call.Is(i, "force")) {
      return call.reply.Error(kSyntax);
    }
  }
  if (saves && saves_not) return call.reply.Error(kSyntax);
  if (!saves_not && call.server.is_busy()) return call.reply.Error(call.server.script()->BusyError());
  if (saves && !MakeCheckpoint(call)) return;
  call.server.AskToStop(fmt::format("SHUTDOWN of client {}", call.session.connection.peer()));
}

// The bytes of the key, and of a collection's entries as the engine estimates them. Redis's SAMPLES changes nothing.
void MemoryUsage(Call& call) {
  for (size_t i = 3; i < call.size(); i += 2) {
    if (!call.Is(i, "samples") || i + 1 == call.size()) return call.reply.Error(kSyntax);
    const auto samples = ReadInteger(call[i + 1]);
    if (!samples) return call.reply.Error(kNotInteger);
    if (*samples < 0) return call.reply.Error(kSyntax);
  }
  const StoredKey key(call.access, call[2]);
  if (!key.exists()) return call.reply.Null();
  uint64_t bytes = key.keys_key().size() + EncodeRecord(key.record()).size();
  if (key.record().is_exploded) {
    const uint64_t id = IdOf(key.record());
    call.access.Flush();
    for (const Part part : {Part::kData, Part::kOrder}) {
      const auto size = call.access.space().family(part).ApproximateSize(IdPrefix(id), IdPrefix(id + 1));
      if (!size) return call.access.Fail(size.error());
      bytes += *size;
    }
  }
  call.reply.Integer(static_cast<int64_t>(bytes));
}

void Debug(Call& call) {
  call.reply.Error(
      "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a "
      "local connection, otherwise you need to set this option in the configuration file, and then restart the "
      "server.");
}

void Role(Call& call) {
  call.reply.Array(3);
  call.reply.Bulk("master");
  call.reply.Integer(0);
  call.reply.Array(0);
}

void ReplicaOf(Call& call) {
  if (call.Is(1, "no") && call.Is(2, "one")) return call.reply.Ok();
  const auto port = ReadInteger(call[2]);
  if (!port || *port < 0 || *port > 65535) return call.reply.Error("ERR Invalid master port");
  call.reply.Error("ERR REPLICAOF is not supported by this server.");
}

// There are no replicas to wait for.
void Wait(Call& call) {
  if (!ReadInteger(call[1])) return call.reply.Error(kNotInteger);
  const auto timeout = ReadInteger(call[2]);
  if (!timeout) return call.reply.Error("ERR timeout is not an integer or out of range");
  if (*timeout < 0) return call.reply.Error("ERR timeout is negative");
  call.reply.Integer(0);
}

void Lolwut(Call& call) {
  call.reply.Verbatim("txt", fmt::format("An amethyst is quartz that iron and patience have made purple.\n"
                                         "Redis ver. {}, Amethyst ver. {}\n",
                                         kRedisVersion, AMETHYST_VERSION_STRING));
}

constexpr uint32_t kAlways = kLoading | kStale;
constexpr Command kMemoryCommands[] = {
    {"memory|usage", -3, kReadonly, {2, 2, 1}, "server", "4.0.0", "Estimates the memory usage of a key.", MemoryUsage},
};
constexpr Command kCommands[] = {
    {"bgrewriteaof",
     1,
     kAdmin | kNoScript,
     {},
     "server",
     "1.0.0",
     "Asynchronously rewrites the append-only file.",
     BgRewriteAof},
    {"bgsave", -1, kAdmin | kNoScript, {}, "server", "1.0.0", "Asynchronously saves the database(s) to disk.", BgSave},
    {"debug", -2, kAdmin | kNoScript | kAlways, {}, "server", "1.0.0", "A container for debugging commands.", Debug},
    {"info", -1, kAlways, {}, "server", "1.0.0", "Returns information and statistics about the server.", Info},
    {"lastsave",
     1,
     kAlways | kFast,
     {},
     "server",
     "1.0.0",
     "Returns the Unix timestamp of the last successful save to disk.",
     LastSave},
    {"lolwut", -1, kReadonly | kFast, {}, "server", "5.0.0", "Displays computer art and the Redis version.", Lolwut},
    {"memory",
     -2,
     0,
     {},
     "server",
     "4.0.0",
     "A container for memory diagnostics commands.",
     nullptr,
     nullptr,
     kMemoryCommands},
    {"replicaof",
     3,
     kAdmin | kNoScript | kStale,
     {},
     "server",
     "5.0.0",
     "Configures a server as replica of another, or promotes it to a master.",
     ReplicaOf},
    {"role", 1, kNoScript | kAlways | kFast, {}, "server", "2.8.12", "Returns the replication role.", Role},
    {"save",
     1,
     kAdmin | kNoScript | kNoMulti,
     {},
     "server",
     "1.0.0",
     "Synchronously saves the database(s) to disk.",
     Save},
    {"shutdown",
     -1,
     kAdmin | kNoScript | kAlways | kNoMulti | kAllowBusy,
     {},
     "server",
     "1.0.0",
     "Synchronously saves the database(s) to disk and shuts down the server.",
     Shutdown},
    {"slaveof",
     3,
     kAdmin | kNoScript | kStale,
     {},
     "server",
     "1.0.0",
     "Sets a server as a replica of another, or promotes it to being a master.",
     ReplicaOf},
    {"time", 1, kAlways | kFast, {}, "server", "2.6.0", "Returns the server time.", Time},
    {"wait",
     3,
     kNoScript,
     {},
     "generic",
     "3.0.0",
     "Blocks until the asynchronous replication of all preceding write commands sent by the connection is completed.",
     Wait},
};

}  // namespace

std::span<const Command> ServerCommands() { return kCommands; }

}  // namespace amethyst::server
