// What commands on collections check of their keys, and how they read which keys they are given.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/function_ref.h"
#include "server/commands/command.h"

namespace amethyst::server {

// False: the key holds another type, which has been said. The lookup of a command that only reads is counted as a hit
// or a miss.
[[nodiscard]] bool HoldsOrNothing(Call& call, const StoredKey& key, Type type);

// The keys of "numkeys key [key ...]", whose count is argument `count_at`. nullopt: the error has been said. Something
// must follow the keys.
[[nodiscard]] std::optional<Arguments> ReadKeysToPop(Call& call, size_t count_at);
// Their places, for Command::find_keys; empty where the arguments are wrong.
[[nodiscard]] std::vector<int> PlacesBehindCount(Arguments args, size_t count_at);
// "[COUNT n]" from argument i to the end: 1 where it is left out. nullopt: the error has been said.
[[nodiscard]] std::optional<uint64_t> ReadPopCount(Call& call, size_t i);

// A timeout of a blocking command. nullopt: the error has been said.
[[nodiscard]] std::optional<uint64_t> ReadTimeoutAt(Call& call, size_t i);
// No key has an element: waits for one, until the timeout says "no array". `within_multi` is the reply where nobody may
// wait.
void WaitForKeys(Call& call, Arguments keys, uint64_t timeout_ms, void (Reply::*within_multi)() = &Reply::NullArray);
// Finds the first key that holds that type and that the command may take from, and lets `take` reply for it. Without
// such a key the command waits until the timeout. Without a timeout it replies with no array at once.
void PopFromFirst(Call& call, Arguments keys, Type type, std::optional<uint64_t> timeout_ms,
                  base::FunctionRef<void(StoredKey& key)> take);

// From one index to another, both included, as commands take them: -1 is the last element.
struct IndexRange {
  uint64_t first = 0;
  uint64_t count = 0;
};
[[nodiscard]] IndexRange ResolveRange(int64_t first, int64_t last, uint64_t size);

}  // namespace amethyst::server
