#include "server/lua/json_guard.h"

#include "server/lua/machine.h"

namespace amethyst::server {

namespace {

constexpr int kLevelsMax = 1000;  // Deeper the library refuses by itself.
constexpr size_t kBytesOfValue = 16;

// Takes what the value on top of the stack becomes off the budget; false: there is not enough of it.
bool Spend(lua_State* lua, int level, size_t* budget) {
  size_t bytes = kBytesOfValue;
  if (lua_type(lua, -1) == LUA_TSTRING) bytes += TextAt(lua, -1).size();
  if (bytes > *budget) return false;
  *budget -= bytes;
  if (lua_type(lua, -1) != LUA_TTABLE || level == kLevelsMax || lua_checkstack(lua, 3) == 0) return true;
  for (lua_pushnil(lua); lua_next(lua, -2) != 0; lua_pop(lua, 1)) {
    if (!Spend(lua, level + 1, budget)) return lua_pop(lua, 2), false;
    lua_pushvalue(lua, -2);
    const bool is_within = Spend(lua, kLevelsMax, budget);
    lua_pop(lua, 1);
    if (!is_within) return lua_pop(lua, 2), false;
  }
  return true;
}

int Encode(lua_State* lua) {
  size_t budget = MachineOf(lua).bytes_max;
  if (lua_gettop(lua) == 1 && !Spend(lua, 0, &budget)) return luaL_error(lua, "not enough memory");
  // On this frame, so that its errors are as ever. Its settings are in its first upvalue, as they are in ours.
  return lua_tocfunction(lua, lua_upvalueindex(2))(lua);
}

int New(lua_State* lua) {
  lua_settop(lua, 0);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_call(lua, 0, 1);
  GuardJson(lua);
  return 1;
}

}  // namespace

void GuardJson(lua_State* lua) {
  lua_getfield(lua, -1, "encode");
  if (lua_getupvalue(lua, -1, 1) == nullptr) lua_pushnil(lua);
  lua_insert(lua, -2);
  lua_pushcclosure(lua, Encode, 2);
  lua_setfield(lua, -2, "encode");
  lua_getfield(lua, -1, "new");
  lua_pushcclosure(lua, New, 1);
  lua_setfield(lua, -2, "new");
}

}  // namespace amethyst::server
