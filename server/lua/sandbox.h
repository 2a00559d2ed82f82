// The world of a script: Lua's libraries without those that reach the system, the libraries that Redis adds, and all of
// it locked.
//
// Reading a global that is not there is an error, so is writing one. Chunks are text: bytecode could break the machine.
// Source: Redis 7.0.15, which has neither os, io, debug, require, getfenv nor setfenv.
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

#include <cstdint>
#include <string_view>

namespace amethyst::server {

// Scripts find KEYS and ARGV in globals; functions get them as parameters, and have less in the table `redis`.
enum class World : uint8_t { kScripts, kFunctions };

// Makes it in a state that is fresh.
void OpenSandbox(lua_State* lua, World world);
// In the world of functions: whether code sees what the load of a library may use, which is a table `redis` with
// register_function(), log() and the version.
void ShowGlobalsOfLoad(lua_State* lua, bool is_loading);
// Pushes the table of globals as it is beneath the lock; KEYS and ARGV are set there.
void PushGlobals(lua_State* lua);
// Pushes the function that adds to an error the place where it happened.
void PushErrorHandler(lua_State* lua);
// Compiles text; pushes the function, or the error's text: false.
[[nodiscard]] bool LoadText(lua_State* lua, std::string_view text, const char* chunk_name);

}  // namespace amethyst::server
