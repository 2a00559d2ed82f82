// What a command answers, as a value of Lua: the conversion that Redis documents for scripts.
//
// RESP2: a number, a string, a table of elements; false where there is nothing; {ok = "OK"}, {err = "ERR no"}. RESP3
// adds {map = {}}, {set = {}}, {double = 1.5}, {big_number = ""}, {verbatim_string = {string = "", format = ""}}, true
// and false; there nothing is nil.
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

#include <string_view>

namespace amethyst::server {

// Pushes the reply, which is whole and right: a command has written it.
void PushReply(lua_State* lua, std::string_view reply);

}  // namespace amethyst::server
