// The table `cmsgpack` of a script: values as MessagePack, byte for byte as Redis's library has it.
//
// Of its own, as a library that reads into objects first would let a few bytes ask for gigabytes.
// Source: the MessagePack specification; the documentation of lua-cmsgpack.
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

namespace amethyst::server {

// Pushes the table.
int OpenMessagePackLibrary(lua_State* lua);

}  // namespace amethyst::server
