// EVAL, EVALSHA, their kin that only read, SCRIPT.
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/key_checks.h"
#include "server/commands/numbers.h"
#include "server/lua/interpreter.h"
#include "server/script_runner.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

constexpr size_t kFirstKey = 3;
constexpr std::string_view kNoScriptFound = "NOSCRIPT No matching script. Please use EVAL.";

// The number of keys. False: it is wrong, which has been said.
bool ReadKeyCount(Call& call, size_t* count) {
  const auto given = ReadInteger(call[kFirstKey - 1]);
  if (!given) return call.reply.Error(kNotInteger), false;
  if (*given > static_cast<int64_t>(call.size() - kFirstKey)) {
    return call.reply.Error("ERR Number of keys can't be greater than number of args"), false;
  }
  if (*given < 0) return call.reply.Error("ERR Number of keys can't be negative"), false;
  *count = static_cast<size_t>(*given);
  return true;
}

void RunScript(Call& call, std::string_view name, size_t keys) {
  Interpreter& interpreter = call.server.interpreter();
  const Shebang& shebang = *interpreter.Find(name);
  const bool is_read_only = (call.command.flags & kReadonly) != 0;
  if (is_read_only && shebang.is_there && !shebang.flags.no_writes()) {
    return call.reply.Error("ERR Can not execute a script with write flag using *_ro command.");
  }
  const Arguments words = call.args.subspan(kFirstKey);
  const ScriptJob job{.name = name, .keys = words.first(keys), .args = words.subspan(keys)};
  ScriptRunner runner(
      call,
      {.name = name, .kind = ScriptRunner::Kind::kScript, .is_read_only = is_read_only || shebang.flags.no_writes()});
  if (interpreter.Run(job, runner, call.reply)) call.server.NoteCountedError();
}

void Eval(Call& call) {
  call.server.ShowScript(call);
  size_t keys = 0;
  if (!ReadKeyCount(call, &keys)) return;
  const auto name = call.server.interpreter().Add(call[1], false);
  if (!name) return call.reply.Error("ERR " + name.error());
  RunScript(call, *name, keys);
}

void EvalSha(Call& call) {
  call.server.ShowScript(call);
  constexpr size_t kNameBytes = 40;
  if (call[1].size() != kNameBytes) return call.reply.Error(kNoScriptFound);
  size_t keys = 0;
  if (!ReadKeyCount(call, &keys)) return;
  const std::string name = Interpreter::NameOf(call[1]);
  if (call.server.interpreter().Find(name) == nullptr) return call.reply.Error(kNoScriptFound);
  RunScript(call, name, keys);
}

std::vector<int> KeysOfScript(Arguments args) { return PlacesBehindCount(args, kFirstKey - 1); }

void ScriptLoad(Call& call) {
  const auto name = call.server.interpreter().Add(call[2], true);
  if (!name) return call.reply.Error("ERR " + name.error());
  call.reply.Bulk(*name);
}

void ScriptExists(Call& call) {
  call.reply.Array(call.size() - 2);
  for (const std::string_view name : call.args.subspan(2)) {
    call.reply.Integer(call.server.interpreter().Find(Interpreter::NameOf(name)) != nullptr ? 1 : 0);
  }
}

void ScriptFlush(Call& call) {
  if (call.size() > 3 || (call.size() == 3 && !call.Is(2, "sync") && !call.Is(2, "async"))) {
    return call.reply.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
  }
  call.server.interpreter().Flush();
  call.reply.Ok();
}

void ScriptKill(Call& call) { KillScript(call, ScriptRunner::Kind::kScript); }

void ScriptDebug(Call& call) {
  if (call.Is(2, "no")) return call.reply.Ok();
  if (!call.Is(2, "yes") && !call.Is(2, "sync")) return call.reply.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
  call.reply.Error("ERR There is no debugger of scripts here");
}

constexpr Command kScriptCommands[] = {
    {"script|debug", 3, kNoScript, {}, "scripting", "3.2.0", "Set the debug mode for executed scripts.", ScriptDebug},
    {"script|exists",
     -3,
     kNoScript,
     {},
     "scripting",
     "2.6.0",
     "Check existence of scripts in the script cache.",
     ScriptExists},
    {"script|flush",
     -2,
     kNoScript,
     {},
     "scripting",
     "2.6.0",
     "Remove all the scripts from the script cache.",
     ScriptFlush},
    {"script|kill",
     2,
     kNoScript | kAllowBusy,
     {},
     "scripting",
     "2.6.0",
     "Kill the script currently in execution.",
     ScriptKill},
    {"script|load",
     3,
     kNoScript | kStale,
     {},
     "scripting",
     "2.6.0",
     "Load the specified Lua script into the script cache.",
     ScriptLoad},
};

constexpr uint32_t kFlags = kNoScript | kStale | kSkipMonitor | kNoMandatoryKeys | kMovableKeys;
constexpr Command kCommands[] = {
    {"eval", -3, kFlags, {}, "scripting", "2.6.0", "Execute a Lua script server side", Eval, KeysOfScript},
    {"evalsha", -3, kFlags, {}, "scripting", "2.6.0", "Execute a Lua script server side", EvalSha, KeysOfScript},
    {"eval_ro",
     -3,
     kFlags | kReadonly,
     {},
     "scripting",
     "7.0.0",
     "Execute a read-only Lua script server side",
     Eval,
     KeysOfScript},
    {"evalsha_ro",
     -3,
     kFlags | kReadonly,
     {},
     "scripting",
     "7.0.0",
     "Execute a read-only Lua script server side",
     EvalSha,
     KeysOfScript},
    {"script",
     -2,
     0,
     {},
     "scripting",
     "2.6.0",
     "A container for Lua scripts management commands",
     nullptr,
     nullptr,
     kScriptCommands},
};

}  // namespace

std::span<const Command> ScriptCommands() { return kCommands; }

}  // namespace amethyst::server
