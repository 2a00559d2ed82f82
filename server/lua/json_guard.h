// Keeps cjson.encode() within the machine's memory: the library takes its own, and ends the process where there is
// none.
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

namespace amethyst::server {

// For the library's table on top of the stack.
void GuardJson(lua_State* lua);

}  // namespace amethyst::server
