#include "server/commands/lookup.h"

#include "server/server.h"

namespace amethyst::server {

void CountLookup(Call& call, bool found) {
  Server::Counters& counters = call.server.counters();
  ++(found ? counters.lookups.hits : counters.lookups.misses);
}

bool IsTypeOrNothing(Call& call, const StoredKey& key, Type type) {
  if (!key.exists() || key.type() == type) return true;
  call.reply.Error(kWrongType);
  return false;
}

std::string_view StringOrNothing(const StoredKey& key) { return key.exists() ? key.body() : std::string_view(); }

}  // namespace amethyst::server
