// What a script returns, as a reply to the client: the conversion that Redis documents.
// Thread safety: one thread, the server's loop.
#pragma once

#include <lua.hpp>

#include <cstddef>

#include "server/resp/reply.h"

namespace amethyst::server {

// A table may be in itself many times, so that a small script could answer without end. The answer is cut there.
inline constexpr size_t kScriptReplyBytesMax = size_t{256} << 20;

// Says the value on top of the stack, which stays, to `reply`. `script_protocol` decides how booleans are told, as
// setresp() has set it. No code of the script runs meanwhile. True: it is an error that has been counted already.
bool SayValue(lua_State* lua, Reply::Protocol script_protocol, Reply& reply);
// Says an error without its line breaks, whatever stands in it.
void SayError(std::string_view text, Reply& reply);

}  // namespace amethyst::server
