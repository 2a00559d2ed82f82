// redis.register_function(): how the code of a library says which functions it has.
//
//   redis.register_function('name', callback)
//   redis.register_function{function_name = 'name', callback = callback, flags = {'no-writes'}, description = 'text'}
//
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

namespace amethyst::server {

// Keeps the callback in the registry, and adds the function to the library that is being loaded.
int RegisterFunction(lua_State* lua);

}  // namespace amethyst::server
