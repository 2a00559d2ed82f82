// What commands say of the key that they look up: wrong type, hit or miss. Thread safety: one thread, the server's
// loop.
#pragma once

#include <string_view>

#include "server/commands/command.h"

namespace amethyst::server {

// For INFO: a command that reads has found the key, or has not.
void CountLookup(Call& call, bool found);

// False: the key holds something else than that type, which has been said.
[[nodiscard]] bool IsTypeOrNothing(Call& call, const StoredKey& key, Type type);
// The same of a string. A key that does not exist is an empty one.
[[nodiscard]] inline bool IsStringOrNothing(Call& call, const StoredKey& key) {
  return IsTypeOrNothing(call, key, Type::kString);
}
// The bytes of such a key. Valid while the key lives.
[[nodiscard]] std::string_view StringOrNothing(const StoredKey& key);

// False: the key holds something else than a collection of this type, which has been said.
template <typename Collection>
[[nodiscard]] bool MayWrite(Call& call, const Collection& collection) {
  if (collection.IsOtherType()) call.reply.Error(kWrongType);
  return !collection.IsOtherType();
}
// The same for a command that only reads: it counts as a hit or a miss as well.
template <typename Collection>
[[nodiscard]] bool MayRead(Call& call, const Collection& collection) {
  CountLookup(call, collection.exists());
  return MayWrite(call, collection);
}

}  // namespace amethyst::server
