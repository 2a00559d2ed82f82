#include "server/lua/register_function.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "server/commands/numbers.h"
#include "server/lua/function.h"
#include "server/lua/machine.h"

namespace amethyst::server {

namespace {

// What is wrong with the arguments, in Redis's words; nullptr: nothing. The callback's place is in *callback then.
using Problem = const char*;

Problem ReadFlags(lua_State* lua, int table, ScriptFlags* flags) {
  for (int i = 1;; ++i) {
    lua_rawgeti(lua, table, i);
    if (lua_isnil(lua, -1)) break;
    const std::string_view given = lua_isstring(lua, -1) != 0 ? TextAt(lua, -1) : std::string_view();
    const auto at = std::ranges::find_if(kScriptFlagNames, [&](auto name) { return EqualsIgnoringCase(given, name); });
    if (at == kScriptFlagNames.end()) return "unknown flag given";
    flags->Add(static_cast<size_t>(at - kScriptFlagNames.begin()));
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
  return nullptr;
}

// The value is on top of the stack.
Problem ReadNamed(lua_State* lua, std::string_view key, Function* function, bool* has_name) {
  const bool is_text = lua_isstring(lua, -1) != 0;
  if (EqualsIgnoringCase(key, "function_name")) {
    if (!is_text) return "function_name argument given to redis.register_function must be a string";
    function->name = TextAt(lua, -1);
    *has_name = true;
  } else if (EqualsIgnoringCase(key, "description")) {
    if (!is_text) return "description argument given to redis.register_function must be a string";
    function->description = TextAt(lua, -1);
  } else if (EqualsIgnoringCase(key, "callback")) {
    if (!lua_isfunction(lua, -1)) return "callback argument given to redis.register_function must be a function";
    lua_pushvalue(lua, -1);
    lua_replace(lua, 2);
  } else if (EqualsIgnoringCase(key, "flags")) {
    if (!lua_istable(lua, -1)) {
      return "flags argument to redis.register_function must be a table representing function flags";
    }
    return ReadFlags(lua, lua_gettop(lua), &function->flags);
  } else {
    return "unknown argument given to redis.register_function";
  }
  return nullptr;
}

// The callback goes to place 2 of the stack.
Problem ReadTable(lua_State* lua, Function* function) {
  if (!lua_istable(lua, 1)) {
    return "calling redis.register_function with a single argument is only applicable to Lua table (representing named "
           "arguments).";
  }
  bool has_name = false;
  lua_pushnil(lua);  // Place 2.
  for (lua_pushnil(lua); lua_next(lua, 1) != 0; lua_pop(lua, 1)) {
    // A number as a key must stay one, or lua_next() would lose its place.
    if (lua_isstring(lua, -2) == 0) return "named argument key given to redis.register_function is not a string";
    const std::string_view key = lua_type(lua, -2) == LUA_TSTRING ? TextAt(lua, -2) : std::string_view();
    if (const Problem problem = ReadNamed(lua, key, function, &has_name)) return problem;
  }
  if (!has_name) return "redis.register_function must get a function name argument";
  if (lua_isnil(lua, 2)) return "redis.register_function must get a callback argument";
  return nullptr;
}

Problem ReadArguments(lua_State* lua, Function* function) {
  const int count = lua_gettop(lua);
  if (count < 1 || count > 2) return "wrong number of arguments to redis.register_function";
  if (count == 1) return ReadTable(lua, function);
  if (lua_isstring(lua, 1) == 0) return "first argument to redis.register_function must be a string";
  if (!lua_isfunction(lua, 2)) return "second argument to redis.register_function must be a function";
  function->name = TextAt(lua, 1);
  return nullptr;
}

}  // namespace

int RegisterFunction(lua_State* lua) {
  LibraryLoad* const load = MachineOf(lua).load;
  if (load == nullptr) {
    return RaiseError(lua, "redis.register_function can only be called on FUNCTION LOAD command");
  }
  Function function;
  if (const Problem problem = ReadArguments(lua, &function)) return RaiseError(lua, problem);
  if (!IsFunctionName(function.name)) return RaiseError(lua, kBadFunctionName);
  if (load->functions.contains(function.name)) return RaiseError(lua, "Function already exists in the library");
  function.registry_name = load->prefix + function.name;
  lua_pushvalue(lua, 2);
  lua_setfield(lua, LUA_REGISTRYINDEX, function.registry_name.c_str());
  load->functions.emplace(function.name, std::move(function));
  return 0;
}

}  // namespace amethyst::server
