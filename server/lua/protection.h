// Tables of the sandbox that scripts read and cannot change.
//
// Lua 5.1 knows no such tables. What a script gets is an empty table whose metatable reads through to the real one and
// refuses to write; the real one is never handed out. The functions of Lua that would go past a metatable are replaced:
// those that read see through (next, pairs, rawget), those that write refuse (rawset, setmetatable, table.insert).
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

namespace amethyst::server {

// Replaces the table on top of the stack by one that stands for it.
void Protect(lua_State* lua);
// Says what getmetatable() answers for the one on top of the stack: the value at `shown`. Otherwise it is nil.
void ShowMetatable(lua_State* lua, int shown);
// Replaces the functions in the table of globals on top of the stack. All libraries are there.
void ReplaceFunctions(lua_State* lua);

}  // namespace amethyst::server
