#include "server/lua/runtime.h"

#include <fmt/format.h>

#include <utility>

#include "server/lua/lua_to_reply.h"

namespace amethyst::server {

namespace {

constexpr int kInstructionsBetweenLooks = 10'000;
constexpr int kRunsBetweenSteps = 50;
constexpr int kPausePercent = 200;       // Lua's own.
constexpr int kShortPausePercent = 110;  // Where memory is short.

int ForgetFunction(lua_State* lua) {
  lua_pushnil(lua);
  lua_setfield(lua, LUA_REGISTRYINDEX, static_cast<const std::string*>(lua_touserdata(lua, 1))->c_str());
  return 0;
}

int OpenAll(lua_State* lua) {
  OpenSandbox(lua, *static_cast<const World*>(lua_touserdata(lua, 1)));
  return 0;
}

int CollectAll(lua_State* lua) {
  lua_gc(lua, LUA_GCCOLLECT, 0);
  return 0;
}

int CollectSome(lua_State* lua) {
  lua_gc(lua, LUA_GCSTEP, kRunsBetweenSteps);
  return 0;
}

void CollectWhereShort(lua_State* lua) {
  const Machine& machine = MachineOf(lua);
  if (machine.bytes > machine.bytes_max / 3) lua_gc(lua, LUA_GCSETPAUSE, kShortPausePercent);
}

// Once it must end every line is an error, or the script could catch the one and go on.
void Look(lua_State* lua, lua_Debug* /*place*/) {
  RunningScript& script = *MachineOf(lua).script;
  CollectWhereShort(lua);
  if (script.ending.empty()) script.ending = script.runner.Interrupt();
  if (script.ending.empty()) return;
  lua_sethook(lua, Look, LUA_MASKLINE | LUA_MASKCOUNT, kInstructionsBetweenLooks);
  RaiseError(lua, script.ending);
}

struct Execution {
  const World world;
  const std::string& function;
  const ScriptJob& job;
  Reply& reply;
  bool has_counted_error = false;
};

void PushArray(lua_State* lua, std::span<const std::string_view> words) {
  lua_createtable(lua, static_cast<int>(words.size()), 0);
  for (size_t i = 0; i < words.size(); ++i) {
    PushText(lua, words[i]);
    lua_rawseti(lua, -2, static_cast<int>(i + 1));
  }
}

// The error is on top of the stack: a table that the handler has completed, or a text where it could not run.
void SayFailure(lua_State* lua, Execution& own) {
  if (!lua_istable(lua, -1)) {
    constexpr size_t kShownBytesMax = 100;
    const std::string_view text = lua_isstring(lua, -1) != 0 ? TextAt(lua, -1) : "execution failure";
    return SayError(fmt::format("ERR Error running script {}, {}", own.job.name, text.substr(0, kShownBytesMax)),
                    own.reply);
  }
  const int error = lua_gettop(lua);
  for (const char* const name : {"err", "source", "line", "ignore_error_stats_update"}) PushField(lua, error, name);
  std::string text(lua_isstring(lua, error + 1) != 0 ? TextAt(lua, error + 1) : "ERR unknown error");
  text = text.c_str();  // As in Redis, it ends at a zero byte.
  if (lua_isstring(lua, error + 2) != 0 && lua_isstring(lua, error + 3) != 0) {
    text += fmt::format(" script: {}, on {}:{}.", own.job.name, TextAt(lua, error + 2), TextAt(lua, error + 3));
  }
  SayError(text, own.reply);
  own.has_counted_error = lua_toboolean(lua, error + 4) != 0;
}

// A script finds its keys and arguments in globals, a function in its parameters.
int Execute(lua_State* lua) {
  auto& own = *static_cast<Execution*>(lua_touserdata(lua, 1));
  PushErrorHandler(lua);
  const int handler = lua_gettop(lua);
  if (own.world == World::kScripts) {
    PushGlobals(lua);
    PushArray(lua, own.job.keys);
    lua_setfield(lua, -2, "KEYS");
    PushArray(lua, own.job.args);
    lua_setfield(lua, -2, "ARGV");
    lua_pop(lua, 1);
  }
  lua_getfield(lua, LUA_REGISTRYINDEX, own.function.c_str());
  if (own.world == World::kFunctions) {
    PushArray(lua, own.job.keys);
    PushArray(lua, own.job.args);
  }
  if (CallWatched(lua, own.world == World::kFunctions ? 2 : 0, 1, handler) != 0) {
    SayFailure(lua, own);
  } else {
    own.has_counted_error = SayValue(lua, MachineOf(lua).script->protocol, own.reply);
  }
  return 0;
}

}  // namespace

int CallWatched(lua_State* lua, int arguments, int results, int handler) {
  lua_sethook(lua, Look, LUA_MASKCOUNT, kInstructionsBetweenLooks);
  const int status = lua_pcall(lua, arguments, results, handler);
  lua_sethook(lua, nullptr, 0, 0);
  return status;
}

Runtime::Runtime(World world, size_t bytes_max) : world_(world), machine_{.bytes_max = bytes_max} {
  lua_.reset(lua_newstate(Allocate, &machine_));
  static_cast<void>(Protected(OpenAll, &world));
  Collect();
}

std::string Runtime::Protected(lua_CFunction function, void* context) {
  std::string error;
  if (lua_cpcall(lua_.get(), function, context) != 0) {
    // Nothing may be made here, as there may be no memory: a text is only read.
    error = lua_type(lua_.get(), -1) == LUA_TSTRING ? TextAt(lua_.get(), -1) : "execution failure";
  }
  lua_settop(lua_.get(), 0);
  return error;
}

std::string Runtime::ProtectedRun(lua_CFunction function, void* context, CommandRunner& runner) {
  // What ran before may have left these otherwise.
  lua_gc(lua_.get(), LUA_GCRESTART, 0);
  lua_gc(lua_.get(), LUA_GCSETPAUSE, kPausePercent);
  lua_gc(lua_.get(), LUA_GCSETSTEPMUL, kPausePercent);
  CollectIfShort();
  RunningScript script{.runner = runner};
  machine_.script = &script;
  std::string error = Protected(function, context);
  machine_.script = nullptr;
  lua_sethook(lua_.get(), nullptr, 0, 0);
  return error;
}

void Runtime::Forget(std::string function) { static_cast<void>(Protected(ForgetFunction, &function)); }
void Runtime::Collect() { static_cast<void>(Protected(CollectAll, nullptr)); }

void Runtime::CollectIfShort() {
  if (machine_.bytes > machine_.bytes_max / 3) Collect();
}

bool Runtime::Run(const std::string& function, const ScriptJob& job, CommandRunner& runner, Reply& reply) {
  Execution execution{.world = world_, .function = function, .job = job, .reply = reply};
  const size_t mark = reply.Mark();
  const std::string error = ProtectedRun(Execute, &execution, runner);
  if (!error.empty()) {
    reply.RollBackTo(mark);
    SayError(fmt::format("ERR Error running script {}, {}", job.name, error), reply);
  }
  if (++runs_ == kRunsBetweenSteps) {
    runs_ = 0;
    static_cast<void>(Protected(CollectSome, nullptr));
  }
  return error.empty() && execution.has_counted_error;
}

}  // namespace amethyst::server
