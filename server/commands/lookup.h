// What commands say of the key that they look up: wrong type, hit or miss. Thread safety: one thread, the server's
// loop.
#pragma once

#include <string_view>

#include "server/commands/command.h"
#include "server/types/members.h"

namespace amethyst::server {

// For INFO: a command that reads has found the key, or has not.
void CountLookup(Call& call, bool found);

// False: the key holds something else than a string, which has been said. A key that does not exist is an empty string.
[[nodiscard]] bool IsStringOrNothing(Call& call, const StoredKey& key);
// The bytes of such a key. Valid while the key lives.
[[nodiscard]] std::string_view StringOrNothing(const StoredKey& key);

// False: the key holds something else, which has been said.
[[nodiscard]] bool MayWrite(Call& call, const Members& members);
// The same for a command that only reads: it counts as a hit or a miss as well.
[[nodiscard]] bool MayRead(Call& call, const Members& members);

}  // namespace amethyst::server
