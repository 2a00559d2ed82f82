// The table `struct` of a script: numbers and texts as bytes of a fixed layout, and back. Source: the documentation of
// Roberto Ierusalimschy's struct, whose formats it takes.
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

namespace amethyst::server {

// Pushes the table.
int OpenStructLibrary(lua_State* lua);

}  // namespace amethyst::server
