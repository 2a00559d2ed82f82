// FCALL, FCALL_RO, and FUNCTION: libraries of functions, which are stored and loaded again at a start.
#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/numbers.h"
#include "server/commands/pattern.h"
#include "server/rdb/dump_payload.h"
#include "server/rdb/function_payload.h"
#include "server/script_runner.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

constexpr size_t kFirstKey = 3;
constexpr uint64_t kLoadMsMax = 500;  // As in Redis.

void WrongSubcommandArity(Call& call, std::string_view name) {
  call.reply.Error(
      fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try FUNCTION HELP.", name));
}

void Fcall(Call& call) {
  call.server.ShowScript(call);
  const Function* const function = call.server.libraries().Find(call[1]);
  if (function == nullptr) return call.reply.Error("ERR Function not found");
  const auto keys = ReadInteger(call[kFirstKey - 1]);
  if (!keys) return call.reply.Error("ERR Bad number of keys provided");
  if (*keys > static_cast<int64_t>(call.size() - kFirstKey)) {
    return call.reply.Error("ERR Number of keys can't be greater than number of args");
  }
  if (*keys < 0) return call.reply.Error("ERR Number of keys can't be negative");
  const bool is_read_only = (call.command.flags & kReadonly) != 0;
  if (is_read_only && !function->flags.no_writes()) {
    return call.reply.Error("ERR Can not execute a script with write flag using *_ro command.");
  }
  const Arguments words = call.args.subspan(kFirstKey);
  const auto count = static_cast<size_t>(*keys);
  const ScriptJob job{.name = function->name, .keys = words.first(count), .args = words.subspan(count)};
  ScriptRunner runner(
      call,
      {.name = function->name, .kind = ScriptRunner::Kind::kFunction, .is_read_only = function->flags.no_writes()});
  if (call.server.libraries().Run(*function, job, runner, call.reply)) call.server.NoteCountedError();
}

std::vector<int> KeysOfFcall(Arguments args) { return PlacesBehindCount(args, kFirstKey - 1); }

void FunctionLoad(Call& call) {
  bool replaces = false;
  for (const std::string_view option : call.args.subspan(2, call.size() - 3)) {
    if (!EqualsIgnoringCase(option, "replace")) {
      return call.reply.Error(fmt::format("ERR Unknown option given: {}", option));
    }
    replaces = true;
  }
  const std::string_view code = call[call.size() - 1];
  LoadWatch watch(call.server, kLoadMsMax);
  const auto name = call.server.libraries().Load(code, replaces, watch);
  if (!name) return call.reply.Error("ERR " + name.error());
  call.access.Put(Part::kSys, LibraryKey(*name), code);
  call.reply.Bulk(*name);
}

void FunctionDelete(Call& call) {
  if (!call.server.libraries().Delete(call[2])) return call.reply.Error("ERR Library not found");
  call.access.Delete(Part::kSys, LibraryKey(call[2]));
  call.reply.Ok();
}

void FlushLibraries(Call& call) { call.access.DeleteRange(Part::kSys, LibraryKey(""), LibraryKeysEnd()); }

void FunctionFlush(Call& call) {
  if (call.size() > 3) return WrongSubcommandArity(call, call[1]);
  if (call.size() == 3 && !call.Is(2, "sync") && !call.Is(2, "async")) {
    return call.reply.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  }
  call.server.libraries().Flush();
  FlushLibraries(call);
  call.reply.Ok();
}

void FunctionDump(Call& call) {
  std::string payload;
  for (const auto& [name, library] : call.server.libraries().all()) rdb::AppendLibrary(&payload, library->code());
  rdb::SealPayload(&payload);
  call.reply.Bulk(payload);
}

// nullopt: the error has been said.
std::optional<Libraries::Policy> ReadPolicy(Call& call) {
  using Policy = Libraries::Policy;
  if (call.size() == 3 || call.Is(3, "append")) return Policy::kAppend;
  if (call.Is(3, "replace")) return Policy::kReplace;
  if (call.Is(3, "flush")) return Policy::kFlush;
  call.reply.Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
  return {};
}

void FunctionRestore(Call& call) {
  if (call.size() > 4) return WrongSubcommandArity(call, call[1]);
  const auto policy = ReadPolicy(call);
  if (!policy) return;
  const auto object = rdb::OpenPayload(call[2]);
  if (!object) return call.reply.Error("ERR DUMP payload version or checksum are wrong");
  const auto codes = rdb::ReadLibraries(*object);
  if (!codes) return call.reply.Error("ERR " + codes.error());
  LoadWatch watch(call.server, kLoadMsMax);
  const std::vector<std::string_view> views(codes->begin(), codes->end());
  if (const auto restored = call.server.libraries().Restore(views, *policy, watch); !restored) {
    return call.reply.Error("ERR " + restored.error());
  }
  if (*policy == Libraries::Policy::kFlush) FlushLibraries(call);
  for (const std::string_view code : views) call.access.Put(Part::kSys, LibraryKey(*ReadLibraryName(code)), code);
  call.reply.Ok();
}

struct ListOptions {
  bool with_code = false;
  std::optional<std::string_view> pattern{};
};

// nullopt: the error has been said.
std::optional<ListOptions> ReadListOptions(Call& call) {
  ListOptions options;
  for (size_t i = 2; i < call.size(); ++i) {
    if (!options.with_code && call.Is(i, "withcode")) {
      options.with_code = true;
    } else if (!options.pattern && call.Is(i, "libraryname")) {
      if (i + 1 == call.size()) return call.reply.Error("ERR library name argument was not given"), std::nullopt;
      options.pattern = call[++i];
    } else {
      return call.reply.Error(fmt::format("ERR Unknown argument {}", call[i])), std::nullopt;
    }
  }
  return options;
}

void SayFunction(Reply& reply, const Function& function) {
  reply.Map(3);
  reply.Bulk("name");
  reply.Bulk(function.name);
  reply.Bulk("description");
  if (function.description) {
    reply.Bulk(*function.description);
  } else {
    reply.Null();
  }
  std::vector<std::string_view> flags;
  for (size_t i = 0; i < kScriptFlagNames.size(); ++i) {
    if (function.flags.has(i)) flags.push_back(kScriptFlagNames[i]);
  }
  reply.Bulk("flags");
  reply.Set(flags.size());
  for (const std::string_view flag : flags) reply.Simple(flag);
}

void FunctionList(Call& call) {
  const auto options = ReadListOptions(call);
  if (!options) return;
  std::vector<const Library*> shown;
  for (const auto& [name, library] : call.server.libraries().all()) {
    if (!options->pattern || Matches(*options->pattern, name, true)) shown.push_back(library.get());
  }
  Reply& reply = call.reply;
  reply.Array(shown.size());
  for (const Library* const library : shown) {
    reply.Map(options->with_code ? 4 : 3);
    reply.Bulk("library_name");
    reply.Bulk(library->name());
    reply.Bulk("engine");
    reply.Bulk("LUA");
    reply.Bulk("functions");
    reply.Array(library->functions().size());
    for (const auto& [name, function] : library->functions()) SayFunction(reply, function);
    if (!options->with_code) continue;
    reply.Bulk("library_code");
    reply.Bulk(library->code());
  }
}

void FunctionStats(Call& call) {
  const ScriptRunner* const script = call.server.script();
  if (script != nullptr && script->kind() == ScriptRunner::Kind::kScript) {
    return call.reply.Error(script->BusyError());
  }
  Reply& reply = call.reply;
  reply.Map(2);
  reply.Bulk("running_script");
  if (script == nullptr) {
    reply.Null();
  } else {
    reply.Map(3);
    reply.Bulk("name");
    reply.Bulk(script->name());
    reply.Bulk("command");
    reply.Array(script->args().size());
    for (const std::string_view word : script->args()) reply.Bulk(word);
    reply.Bulk("duration_ms");
    reply.Integer(static_cast<int64_t>(script->elapsed_ms()));
  }
  reply.Bulk("engines");
  reply.Map(1);
  reply.Bulk("LUA");
  reply.Map(2);
  reply.Bulk("libraries_count");
  reply.Integer(static_cast<int64_t>(call.server.libraries().all().size()));
  reply.Bulk("functions_count");
  reply.Integer(static_cast<int64_t>(call.server.libraries().function_count()));
}

void FunctionKill(Call& call) { KillScript(call, ScriptRunner::Kind::kFunction); }

constexpr std::string_view kGroup = "scripting";
constexpr std::string_view kSince = "7.0.0";
constexpr uint32_t kTakes = kWrite | kDenyOom | kNoScript;
constexpr Command kFunctionCommands[] = {
    {"function|delete", 3, kWrite | kNoScript, {}, kGroup, kSince, "Delete a function by name", FunctionDelete},
    {"function|dump",
     2,
     kNoScript,
     {},
     kGroup,
     kSince,
     "Dump all functions into a serialized binary payload",
     FunctionDump},
    {"function|flush", -2, kWrite | kNoScript, {}, kGroup, kSince, "Deleting all functions", FunctionFlush},
    {"function|kill",
     2,
     kNoScript | kAllowBusy,
     {},
     kGroup,
     kSince,
     "Kill the function currently in execution.",
     FunctionKill},
    {"function|list", -2, kNoScript, {}, kGroup, kSince, "List information about all the functions", FunctionList},
    {"function|load",
     -3,
     kTakes,
     {},
     kGroup,
     kSince,
     "Create a function with the given arguments (name, code, description)",
     FunctionLoad},
    {"function|restore",
     -3,
     kTakes,
     {},
     kGroup,
     kSince,
     "Restore all the functions on the given payload",
     FunctionRestore},
    {"function|stats",
     2,
     kNoScript | kAllowBusy,
     {},
     kGroup,
     kSince,
     "Return information about the function currently running (name, description, duration)",
     FunctionStats},
};
constexpr uint32_t kCalls = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys;
constexpr Command kCommands[] = {
    {"fcall", -3, kCalls, {}, kGroup, kSince, "Invoke a function", Fcall, KeysOfFcall},
    {"fcall_ro", -3, kCalls | kReadonly, {}, kGroup, kSince, "Invoke a read-only function", Fcall, KeysOfFcall},
    {"function", -2, 0, {}, kGroup, kSince, "A container for function commands", nullptr, nullptr, kFunctionCommands},
};

}  // namespace

std::span<const Command> FunctionCommands() { return kCommands; }

}  // namespace amethyst::server
