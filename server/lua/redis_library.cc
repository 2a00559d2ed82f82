#include "server/lua/redis_library.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/lua/machine.h"
#include "server/lua/reply_to_lua.h"
#include "server/lua/sha1.h"
#include "server/version.h"

namespace amethyst::server {

namespace {

constexpr int kToLog = 1;
constexpr int kToReplicas = 2;

// The arguments as the words of a command. They live as long as the stack and this.
class Words {
 public:
  // What is wrong with them; empty: nothing.
  std::string_view Read(lua_State* lua);
  [[nodiscard]] const std::vector<std::string_view>& views() const { return views_; }

 private:
  std::vector<std::string> numbers_;
  std::vector<std::string_view> views_;
};

std::string_view Words::Read(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) return "Please specify at least one argument for this redis lib call";
  numbers_.reserve(static_cast<size_t>(count));
  for (int i = 1; i <= count; ++i) {
    if (lua_type(lua, i) == LUA_TNUMBER) {  // Lua's own conversion would lose digits.
      views_.emplace_back(numbers_.emplace_back(fmt::format("{:.17g}", lua_tonumber(lua, i))));
    } else if (lua_type(lua, i) == LUA_TSTRING) {
      views_.push_back(TextAt(lua, i));
    } else {
      return "Lua redis lib command arguments must be strings or integers";
    }
  }
  return {};
}

// Pushes the command's answer. True: it is an error.
bool PushAnswer(lua_State* lua) {
  Words words;
  if (const std::string_view error = words.Read(lua); !error.empty()) {
    PushError(lua, error);
    return true;
  }
  RunningScript& script = *MachineOf(lua).script;
  std::string answer;
  if (!script.runner.RunCommand(words.views(), script.protocol, &answer)) answer = fmt::format("-{}\r\n", answer);
  lua_settop(lua, 0);  // They may be so many that no reply would fit beside them.
  PushReply(lua, answer);
  return answer.starts_with('-');
}

int CallCommand(lua_State* lua) { return PushAnswer(lua) ? lua_error(lua) : 1; }

int CallCommandProtected(lua_State* lua) {
  PushAnswer(lua);
  return 1;
}

int Sha1HexOf(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "wrong number of arguments");
  PushText(lua, Sha1Hex(TextAt(lua, 1)));
  return 1;
}

bool HasOneText(lua_State* lua) {
  if (lua_gettop(lua) == 1 && lua_type(lua, 1) == LUA_TSTRING) return true;
  PushError(lua, "wrong number or type of arguments");
  return false;
}

int ErrorReply(lua_State* lua) {
  if (!HasOneText(lua)) return 1;
  const std::string_view text = TextAt(lua, 1);
  PushError(lua, text.starts_with('-') ? std::string(text) : "-" + std::string(text));
  return 1;
}

int StatusReply(lua_State* lua) {
  if (!HasOneText(lua)) return 1;
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, 1);
  lua_setfield(lua, -2, "ok");
  return 1;
}

int WriteLog(lua_State* lua) {
  if (lua_gettop(lua) < 2) return RaiseError(lua, "redis.log() requires two arguments or more.");
  if (lua_isnumber(lua, 1) == 0) return RaiseError(lua, "First argument must be a number (log level).");
  const lua_Number level = lua_tonumber(lua, 1);
  if (!(level > -1 && level < static_cast<int>(LogLevel::kWarning) + 1)) return RaiseError(lua, "Invalid debug level.");
  std::string text;
  for (int i = 2; i <= lua_gettop(lua); ++i) {
    if (lua_isstring(lua, i) == 0) continue;  // A number is one, too.
    if (i > 2) text += ' ';
    text += TextAt(lua, i);
  }
  MachineOf(lua).script->runner.WriteLog(static_cast<LogLevel>(static_cast<int>(level)), text);
  return 0;
}

int SetResp(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "redis.setresp() requires one argument.");
  const auto version = lua_tointeger(lua, 1);
  if (version != 2 && version != 3) return RaiseError(lua, "RESP version must be 2 or 3.");
  MachineOf(lua).script->protocol = static_cast<Reply::Protocol>(version);
  return 0;
}

// There are no replicas.
int SetReplication(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "redis.set_repl() requires two arguments.");
  if ((lua_tointeger(lua, 1) & ~(kToLog | kToReplicas)) != 0) {
    return RaiseError(lua, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  return 0;
}

int AlwaysTrue(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

// There is no debugger.
int AlwaysFalse(lua_State* lua) {
  lua_pushboolean(lua, 0);
  return 1;
}

int Nothing(lua_State* /*lua*/) { return 0; }

// There is one user, who may do everything.
int CheckCommand(lua_State* lua) {
  Words words;
  if (const std::string_view error = words.Read(lua); !error.empty()) return RaiseError(lua, error);
  if (!MachineOf(lua).script->runner.Knows(words.views())) {
    return RaiseError(lua, "Invalid command passed to redis.acl_check_cmd()");
  }
  return AlwaysTrue(lua);
}

}  // namespace

int OpenRedisLibrary(lua_State* lua) {
  constexpr int kVersionNumber = 0x0007000f;
  lua_newtable(lua);
  constexpr std::pair<const char*, lua_CFunction> kFunctions[] = {
      {"call", CallCommand},
      {"pcall", CallCommandProtected},
      {"sha1hex", Sha1HexOf},
      {"error_reply", ErrorReply},
      {"status_reply", StatusReply},
      {"log", WriteLog},
      {"setresp", SetResp},
      {"set_repl", SetReplication},
      {"replicate_commands", AlwaysTrue},
      {"breakpoint", AlwaysFalse},
      {"debug", Nothing},
      {"acl_check_cmd", CheckCommand},
  };
  for (const auto& [name, function] : kFunctions) {
    lua_pushcfunction(lua, function);
    lua_setfield(lua, -2, name);
  }
  constexpr std::pair<const char*, int> kNumbers[] = {
      {"LOG_DEBUG", static_cast<int>(LogLevel::kDebug)},
      {"LOG_VERBOSE", static_cast<int>(LogLevel::kVerbose)},
      {"LOG_NOTICE", static_cast<int>(LogLevel::kNotice)},
      {"LOG_WARNING", static_cast<int>(LogLevel::kWarning)},
      {"REPL_NONE", 0},
      {"REPL_AOF", kToLog},
      {"REPL_SLAVE", kToReplicas},
      {"REPL_REPLICA", kToReplicas},
      {"REPL_ALL", kToLog | kToReplicas},
      {"REDIS_VERSION_NUM", kVersionNumber},
  };
  for (const auto& [name, number] : kNumbers) {
    lua_pushinteger(lua, number);
    lua_setfield(lua, -2, name);
  }
  PushText(lua, kRedisVersion);
  lua_setfield(lua, -2, "REDIS_VERSION");
  return 1;
}

}  // namespace amethyst::server
