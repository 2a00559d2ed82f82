#include "server/lua/protection.h"

#include <algorithm>

#include "server/lua/machine.h"

namespace amethyst::server {

namespace {

constexpr const char* kRefusal = "Attempt to modify a readonly table";

// Addresses are keys of a metatable that no script can name.
constexpr char kTarget = 0;
constexpr char kShown = 0;
static_assert(&kTarget != &kShown);

void* Key(const char* place) { return const_cast<char*>(place); }

int RefuseAssignment(lua_State* lua) { return RaiseAtPlace(lua, kRefusal); }

// Pushes what the metatable of the value at the index has under the key; false: nothing, and nothing is pushed.
bool PushHidden(lua_State* lua, int index, const char* key) {
  if (lua_type(lua, index) != LUA_TTABLE || lua_getmetatable(lua, index) == 0) return false;
  lua_pushlightuserdata(lua, Key(key));
  lua_rawget(lua, -2);
  lua_remove(lua, -2);
  if (!lua_isnil(lua, -1)) return true;
  lua_pop(lua, 1);
  return false;
}

bool IsProtected(lua_State* lua, int index) {
  if (!PushHidden(lua, index, &kTarget)) return false;
  lua_pop(lua, 1);
  return true;
}

void SeeThrough(lua_State* lua, int index) {
  if (PushHidden(lua, index, &kTarget)) lua_replace(lua, index);
}

int Next(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  SeeThrough(lua, 1);
  lua_settop(lua, 2);
  return lua_next(lua, 1) != 0 ? 2 : (lua_pushnil(lua), 1);
}

int Pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

int RawGet(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  SeeThrough(lua, 1);
  lua_settop(lua, 2);
  lua_rawget(lua, 1);
  return 1;
}

int GetMetatable(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (IsProtected(lua, 1)) {
    if (!PushHidden(lua, 1, &kShown)) lua_pushnil(lua);
  } else if (luaL_getmetafield(lua, 1, "__metatable") == 0 && lua_getmetatable(lua, 1) == 0) {
    lua_pushnil(lua);
  }
  return 1;
}

// The function that was there stands in an upvalue. It is called on this frame, so that its errors name it as ever.
int UnlessProtected(lua_State* lua) {
  if (IsProtected(lua, 1)) {
    lua_pushstring(lua, kRefusal);
    return lua_error(lua);
  }
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

// In the table on top of the stack.
void Guard(lua_State* lua, const char* name) {
  lua_getfield(lua, -1, name);
  lua_pushcclosure(lua, UnlessProtected, 1);
  lua_setfield(lua, -2, name);
}

}  // namespace

void Protect(lua_State* lua) {
  lua_newtable(lua);
  lua_createtable(lua, 0, 3);
  lua_pushvalue(lua, -3);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, RefuseAssignment);
  lua_setfield(lua, -2, "__newindex");
  lua_pushlightuserdata(lua, Key(&kTarget));
  lua_pushvalue(lua, -4);
  lua_rawset(lua, -3);
  lua_setmetatable(lua, -2);
  lua_remove(lua, -2);
}

void ShowMetatable(lua_State* lua, int shown) {
  lua_getmetatable(lua, -1);
  lua_pushlightuserdata(lua, Key(&kShown));
  lua_pushvalue(lua, shown);
  lua_rawset(lua, -3);
  lua_pop(lua, 1);
}

void ReplaceFunctions(lua_State* lua) {
  Guard(lua, "rawset");
  Guard(lua, "setmetatable");
  lua_pushcfunction(lua, RawGet);
  lua_setfield(lua, -2, "rawget");
  lua_pushcfunction(lua, GetMetatable);
  lua_setfield(lua, -2, "getmetatable");
  lua_pushcfunction(lua, Next);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -3, "next");
  lua_pushcclosure(lua, Pairs, 1);
  lua_setfield(lua, -2, "pairs");
  lua_getfield(lua, -1, "table");
  Guard(lua, "insert");
  lua_pop(lua, 1);
}

}  // namespace amethyst::server
