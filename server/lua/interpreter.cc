#include "server/lua/interpreter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/lua/lua_to_reply.h"
#include "server/lua/sandbox.h"
#include "server/lua/sha1.h"

namespace amethyst::server {

namespace {

constexpr const char* kChunkName = "@user_script";
constexpr int kInstructionsBetweenLooks = 10'000;
constexpr int kRunsBetweenSteps = 50;
constexpr int kPausePercent = 200;       // Lua's own.
constexpr int kShortPausePercent = 110;  // Where memory is short.

std::string FunctionName(std::string_view name) { return "f_" + std::string(name); }

struct Compilation {
  std::string_view text;
  std::string function;
  std::string error{};
};

int Compile(lua_State* lua) {
  auto& own = *static_cast<Compilation*>(lua_touserdata(lua, 1));
  if (LoadText(lua, own.text, kChunkName)) {
    lua_setfield(lua, LUA_REGISTRYINDEX, own.function.c_str());
  } else {
    own.error = TextAt(lua, -1);
  }
  return 0;
}

int ForgetFunction(lua_State* lua) {
  lua_pushnil(lua);
  lua_setfield(lua, LUA_REGISTRYINDEX, static_cast<const std::string*>(lua_touserdata(lua, 1))->c_str());
  return 0;
}

int OpenAll(lua_State* lua) {
  OpenSandbox(lua);
  return 0;
}

int Collect(lua_State* lua) {
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

// Once the time is over every line is an error, or the script could catch the one and go on.
void Look(lua_State* lua, lua_Debug* /*place*/) {
  RunningScript& script = *MachineOf(lua).script;
  CollectWhereShort(lua);
  if (!script.is_too_late && script.runner.NowUs() < script.ends_us) return;
  script.is_too_late = true;
  lua_sethook(lua, Look, LUA_MASKLINE | LUA_MASKCOUNT, kInstructionsBetweenLooks);
  RaiseError(lua, "Script ended: it has run for too long");
}

struct Execution {
  const Interpreter::Job& job;
  RunningScript& script;
  Reply& reply;
  bool has_counted_error = false;
};

void SetArray(lua_State* lua, const char* name, std::span<const std::string_view> words) {
  lua_createtable(lua, static_cast<int>(words.size()), 0);
  for (size_t i = 0; i < words.size(); ++i) {
    PushText(lua, words[i]);
    lua_rawseti(lua, -2, static_cast<int>(i + 1));
  }
  lua_setfield(lua, -2, name);
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

int Execute(lua_State* lua) {
  auto& own = *static_cast<Execution*>(lua_touserdata(lua, 1));
  PushErrorHandler(lua);
  const int handler = lua_gettop(lua);
  PushGlobals(lua);
  SetArray(lua, "KEYS", own.job.keys);
  SetArray(lua, "ARGV", own.job.args);
  lua_pop(lua, 1);
  lua_getfield(lua, LUA_REGISTRYINDEX, FunctionName(own.job.name).c_str());
  lua_sethook(lua, Look, LUA_MASKCOUNT, kInstructionsBetweenLooks);
  const int status = lua_pcall(lua, 0, 1, handler);
  lua_sethook(lua, nullptr, 0, 0);
  if (status != 0) {
    SayFailure(lua, own);
  } else {
    own.has_counted_error = SayValue(lua, own.script.protocol, own.reply);
  }
  return 0;
}

}  // namespace

Interpreter::Interpreter(const Limits& limits) : limits_(limits), machine_{.bytes_max = limits.bytes_max} { Open(); }

Interpreter::~Interpreter() = default;

void Interpreter::Open() {
  lua_.reset(lua_newstate(Allocate, &machine_));
  static_cast<void>(Protected(OpenAll, nullptr));
  static_cast<void>(Protected(Collect, nullptr));
}

std::string Interpreter::Protected(lua_CFunction function, void* context) {
  std::string error;
  if (lua_cpcall(lua_.get(), function, context) != 0) {
    // Nothing may be made here, as there may be no memory: a text is only read.
    error = lua_type(lua_.get(), -1) == LUA_TSTRING ? TextAt(lua_.get(), -1) : "execution failure";
  }
  lua_settop(lua_.get(), 0);
  return error;
}

void Interpreter::CollectIfShort() {
  if (machine_.bytes > limits_.bytes_max / 3) static_cast<void>(Protected(Collect, nullptr));
}

void Interpreter::Flush() {
  scripts_.clear();
  uses_.clear();
  script_bytes_ = 0;
  lua_.reset();
  Open();
}

void Interpreter::Forget(const std::string& name) {
  std::string function = FunctionName(name);
  static_cast<void>(Protected(ForgetFunction, &function));
  const auto at = scripts_.find(name);
  script_bytes_ -= at->second.bytes;
  if (!at->second.is_lasting) uses_.erase(at->second.use);
  scripts_.erase(at);
}

bool Interpreter::MakeRoom(size_t bytes) {
  while (script_bytes_ + bytes > limits_.script_bytes_max && !uses_.empty()) Forget(std::string(uses_.front()));
  return script_bytes_ + bytes <= limits_.script_bytes_max;
}

std::expected<std::string, std::string> Interpreter::Add(std::string_view text, bool is_lasting) {
  std::string name = Sha1Hex(text);
  if (const auto at = scripts_.find(name); at != scripts_.end()) {
    if (is_lasting && !at->second.is_lasting) {
      uses_.erase(at->second.use);
      at->second.is_lasting = true;
    }
    return name;
  }
  const auto shebang = ReadShebang(text);
  if (!shebang) return std::unexpected(shebang.error());
  // What it takes is seen only afterwards; without a collection meanwhile.
  Compilation compilation{.text = text.substr(shebang->bytes), .function = FunctionName(name)};
  CollectIfShort();
  lua_gc(lua_.get(), LUA_GCSTOP, 0);
  const size_t before = machine_.bytes;
  std::string error = Protected(Compile, &compilation);
  lua_gc(lua_.get(), LUA_GCRESTART, 0);
  if (error.empty()) error = compilation.error;
  const size_t bytes = machine_.bytes - std::min(before, machine_.bytes);
  if (error.empty() && !MakeRoom(bytes)) {
    static_cast<void>(Protected(ForgetFunction, &compilation.function));
    error = "not enough memory";
  }
  if (!error.empty()) {
    static_cast<void>(Protected(Collect, nullptr));
    return std::unexpected("Error compiling script (new function): " + error);
  }
  Script& script = scripts_[name];
  script = {.shebang = *shebang, .bytes = bytes, .is_lasting = is_lasting};
  script_bytes_ += bytes;
  if (!is_lasting) script.use = uses_.insert(uses_.end(), name);
  return name;
}

std::string Interpreter::NameOf(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return lower;
}

const Shebang* Interpreter::Find(std::string_view name) const {
  const auto at = scripts_.find(name);
  return at == scripts_.end() ? nullptr : &at->second.shebang;
}

bool Interpreter::Run(const Job& job, CommandRunner& runner, Reply& reply) {
  if (const auto at = scripts_.find(job.name); at != scripts_.end() && !at->second.is_lasting) {
    uses_.splice(uses_.end(), uses_, at->second.use);
  }
  // A script before may have left these otherwise.
  lua_gc(lua_.get(), LUA_GCRESTART, 0);
  lua_gc(lua_.get(), LUA_GCSETPAUSE, kPausePercent);
  lua_gc(lua_.get(), LUA_GCSETSTEPMUL, kPausePercent);
  CollectIfShort();
  RunningScript script{.runner = runner, .ends_us = runner.NowUs() + limits_.microseconds_max};
  Execution execution{.job = job, .script = script, .reply = reply};
  machine_.script = &script;
  const size_t mark = reply.Mark();
  const std::string error = Protected(Execute, &execution);
  machine_.script = nullptr;
  lua_sethook(lua_.get(), nullptr, 0, 0);
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
