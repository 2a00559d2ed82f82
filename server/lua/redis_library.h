// The table `redis` of a script: call(), pcall() and what goes with them.
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

namespace amethyst::server {

// Pushes the table.
int OpenRedisLibrary(lua_State* lua);

}  // namespace amethyst::server
