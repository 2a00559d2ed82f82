#include "server/lua/sandbox.h"

#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "server/lua/json_guard.h"
#include "server/lua/machine.h"
#include "server/lua/msgpack_library.h"
#include "server/lua/protection.h"
#include "server/lua/redis_library.h"
#include "server/lua/register_function.h"
#include "server/lua/struct_library.h"

extern "C" {
int luaopen_cjson(lua_State* lua);
int luaopen_bit(lua_State* lua);
}

namespace amethyst::server {

namespace {

constexpr const char* kGlobals = "globals";
constexpr const char* kGlobalsOfLoad = "globals of a load";
constexpr const char* kErrorHandler = "error handler";

struct Chunk {
  std::string_view text;
  bool has_begun = false;
};

const char* ReadChunk(lua_State* /*lua*/, void* context, size_t* size) {
  Chunk& chunk = *static_cast<Chunk*>(context);
  // Lua tells bytecode by its first byte, so a space in front makes it text, and wrong.
  if (!std::exchange(chunk.has_begun, true) && chunk.text.starts_with(LUA_SIGNATURE[0])) {
    *size = 1;
    return " ";
  }
  *size = chunk.text.size();
  return std::exchange(chunk.text, {}).data();
}

int LoadOrExplain(lua_State* lua, std::string_view text, const char* chunk_name) {
  if (LoadText(lua, text, chunk_name)) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

int LoadString(lua_State* lua) {
  luaL_checkstring(lua, 1);
  const char* const name = luaL_optstring(lua, 2, lua_tostring(lua, 1));
  return LoadOrExplain(lua, TextAt(lua, 1), name);
}

// The pieces are joined before they are compiled.
int Load(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  const char* const name = luaL_optstring(lua, 2, "=(load)");
  std::string text;
  while (true) {
    lua_pushvalue(lua, 1);
    lua_call(lua, 0, 1);
    if (lua_isnil(lua, -1)) break;
    if (lua_isstring(lua, -1) == 0) return luaL_error(lua, "reader function must return a string");
    if (TextAt(lua, -1).empty()) break;
    text += TextAt(lua, -1);
    if (text.size() > MachineOf(lua).bytes_max) return luaL_error(lua, "not enough memory");
    lua_pop(lua, 1);
  }
  return LoadOrExplain(lua, text, name);
}

// As Lua's own, except that of an error of a command the text alone is returned, as in older versions of Redis.
int ProtectedCall(lua_State* lua) {
  luaL_checkany(lua, 1);
  lua_pushboolean(lua, 1);
  lua_insert(lua, 1);
  if (lua_pcall(lua, lua_gettop(lua) - 2, LUA_MULTRET, 0) == 0) return lua_gettop(lua);
  if (lua_istable(lua, -1)) {
    lua_getfield(lua, -1, "err");
    if (lua_isstring(lua, -1) != 0) {
      lua_replace(lua, -2);
    } else {
      lua_pop(lua, 1);
    }
  }
  lua_pushboolean(lua, 0);
  lua_replace(lua, 1);
  return lua_gettop(lua);
}

int Random(lua_State* lua) {
  constexpr lua_Number kDrawnMax = 2147483647.0;
  const lua_Number drawn = std::fmod(MachineOf(lua).dice.Draw(), kDrawnMax) / kDrawnMax;
  const int count = lua_gettop(lua);
  if (count > 2) return luaL_error(lua, "wrong number of arguments");
  if (count == 0) {
    lua_pushnumber(lua, drawn);
    return 1;
  }
  const lua_Number low = count == 1 ? 1 : luaL_checkint(lua, 1);
  const lua_Number high = luaL_checkint(lua, count);
  luaL_argcheck(lua, low <= high, count, "interval is empty");
  lua_pushnumber(lua, std::floor(drawn * (high - low + 1)) + low);
  return 1;
}

int RandomSeed(lua_State* lua) {
  MachineOf(lua).dice.Seed(static_cast<uint32_t>(luaL_checkint(lua, 1)));
  return 0;
}

int RefuseUnknown(lua_State* lua) {
  if (lua_gettop(lua) != 2) return luaL_error(lua, "Wrong number of arguments to luaProtectedTableError");
  if (lua_isstring(lua, 2) == 0) {
    return luaL_error(lua, "Second argument to luaProtectedTableError must be a string or number");
  }
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'", lua_tostring(lua, 2));
}

// {err = "ERR text", source = "@user_script", line = 1}. The place is the script's, not that of a function in C.
int AddPlace(lua_State* lua) {
  lua_settop(lua, 1);
  lua_Debug place{};
  bool is_found = lua_getstack(lua, 1, &place) != 0 && lua_getinfo(lua, "nSl", &place) != 0;
  if (is_found && std::strcmp(place.what, "C") == 0) {
    is_found = lua_getstack(lua, 2, &place) != 0 && lua_getinfo(lua, "nSl", &place) != 0;
  }
  if (!lua_istable(lua, 1)) {
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_pushvalue(lua, 1);
    lua_call(lua, 1, 1);
    lua_pushliteral(lua, "ERR ");
    lua_insert(lua, -2);
    lua_concat(lua, 2);
    lua_newtable(lua);
    lua_insert(lua, -2);
    lua_setfield(lua, -2, "err");
    lua_replace(lua, 1);
  }
  if (is_found) {
    lua_pushstring(lua, place.source);
    lua_setfield(lua, 1, "source");
    lua_pushinteger(lua, place.currentline);
    lua_setfield(lua, 1, "line");
  }
  return 1;
}

// What the table on top of the stack does not have is an error.
void RefuseWhatIsMissing(lua_State* lua) {
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, RefuseUnknown);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
}

void OpenLibraries(lua_State* lua) {
  for (const lua_CFunction open : {luaopen_base, luaopen_table, luaopen_string, luaopen_math, luaopen_bit}) {
    lua_pushcfunction(lua, open);
    lua_call(lua, 0, 0);
  }
  const std::pair<const char*, lua_CFunction> own[] = {{"cjson", luaopen_cjson},
                                                       {"struct", OpenStructLibrary},
                                                       {"cmsgpack", OpenMessagePackLibrary},
                                                       {"redis", OpenRedisLibrary}};
  for (const auto& [name, open] : own) {
    lua_pushcfunction(lua, open);
    lua_call(lua, 0, 1);
    lua_setglobal(lua, name);
  }
  lua_getglobal(lua, "cjson");
  GuardJson(lua);
  lua_pop(lua, 1);
}

void SetFunction(lua_State* lua, const char* name, lua_CFunction function) {
  lua_pushcfunction(lua, function);
  lua_setfield(lua, -2, name);
}

// In the table of globals on top of the stack.
void ReplaceGlobals(lua_State* lua, World world) {
  for (const char* const name : {"dofile", "loadfile", "print", "getfenv", "setfenv", "newproxy"}) {
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
  }
  SetFunction(lua, "load", Load);
  SetFunction(lua, "loadstring", LoadString);
  SetFunction(lua, "pcall", ProtectedCall);
  lua_getfield(lua, -1, "math");
  SetFunction(lua, "random", Random);
  SetFunction(lua, "randomseed", RandomSeed);
  lua_pop(lua, 1);
  ReplaceFunctions(lua);
  lua_getfield(lua, -1, "tostring");
  lua_pushcclosure(lua, AddPlace, 1);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, LUA_REGISTRYINDEX, kErrorHandler);
  if (world == World::kFunctions) return lua_pop(lua, 1);
  lua_setfield(lua, -2, "__redis__err__handler");
}

// The table of globals is on top of the stack, and its table `redis` is not locked yet.
void OpenGlobalsOfLoad(lua_State* lua) {
  lua_newtable(lua);
  lua_getfield(lua, -2, "redis");
  for (const char* const name : {"replicate_commands", "breakpoint", "debug"}) {
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
  }
  lua_newtable(lua);
  for (const char* const name :
       {"log", "LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING", "REDIS_VERSION", "REDIS_VERSION_NUM"}) {
    lua_getfield(lua, -2, name);
    lua_setfield(lua, -2, name);
  }
  SetFunction(lua, "register_function", RegisterFunction);
  RefuseWhatIsMissing(lua);
  Protect(lua);
  lua_setfield(lua, -3, "redis");
  lua_pop(lua, 1);
  RefuseWhatIsMissing(lua);
  lua_setfield(lua, LUA_REGISTRYINDEX, kGlobalsOfLoad);
}

// Pushes what getmetatable() shows: {__index = value at `index`}, locked.
void PushShownMetatable(lua_State* lua, int index) {
  lua_createtable(lua, 0, 1);
  lua_pushvalue(lua, index);
  lua_setfield(lua, -2, "__index");
  Protect(lua);
}

// Strings have a metatable of their own, which is the library's.
void LockStrings(lua_State* lua) {
  lua_pushliteral(lua, "");
  lua_getmetatable(lua, -1);
  lua_getfield(lua, LUA_GLOBALSINDEX, "string");
  const int library = lua_gettop(lua);
  PushShownMetatable(lua, library);
  lua_setfield(lua, -3, "__metatable");
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 2);
}

}  // namespace

bool LoadText(lua_State* lua, std::string_view text, const char* chunk_name) {
  Chunk chunk{.text = text};
  const int status = lua_load(lua, ReadChunk, &chunk, chunk_name);
  return status == 0;
}

void PushGlobals(lua_State* lua) { lua_getfield(lua, LUA_REGISTRYINDEX, kGlobals); }
void PushErrorHandler(lua_State* lua) { lua_getfield(lua, LUA_REGISTRYINDEX, kErrorHandler); }

void ShowGlobalsOfLoad(lua_State* lua, bool is_loading) {
  lua_getmetatable(lua, LUA_GLOBALSINDEX);
  lua_getfield(lua, LUA_REGISTRYINDEX, is_loading ? kGlobalsOfLoad : kGlobals);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 1);
}

void OpenSandbox(lua_State* lua, World world) {
  OpenLibraries(lua);
  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  const int globals = lua_gettop(lua);
  ReplaceGlobals(lua, world);
  if (world == World::kFunctions) OpenGlobalsOfLoad(lua);
  for (const char* const name :
       {"string", "table", "math", "bit", "cjson", "struct", "cmsgpack", "redis", "coroutine"}) {
    lua_getfield(lua, globals, name);
    Protect(lua);
    lua_setfield(lua, globals, name);
  }
  LockStrings(lua);
  lua_pushvalue(lua, globals);
  lua_setfield(lua, LUA_REGISTRYINDEX, kGlobals);
  lua_pushvalue(lua, globals);
  Protect(lua);
  const int shown = lua_gettop(lua);
  lua_pushcfunction(lua, RefuseUnknown);
  PushShownMetatable(lua, lua_gettop(lua));
  lua_pushvalue(lua, shown);
  ShowMetatable(lua, lua_gettop(lua) - 1);
  lua_pop(lua, 1);
  lua_pushvalue(lua, shown);
  lua_setfield(lua, globals, "_G");
  lua_pushvalue(lua, globals);  // Behind the lock, what is not there is an error.
  RefuseWhatIsMissing(lua);
  lua_pop(lua, 1);
  // Functions that are compiled from here on see the locked table.
  lua_pushvalue(lua, shown);
  lua_replace(lua, LUA_GLOBALSINDEX);
}

}  // namespace amethyst::server
