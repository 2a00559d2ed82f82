#include "server/commands/lookup.h"

#include "server/server.h"

namespace amethyst::server {

void CountLookup(Call& call, bool found) {
  Server::Counters& counters = call.server.counters();
  ++(found ? counters.keyspace_hits : counters.keyspace_misses);
}

bool IsStringOrNothing(Call& call, const StoredKey& key) {
  if (!key.exists() || key.type() == Type::kString) return true;
  call.reply.Error(kWrongType);
  return false;
}

std::string_view StringOrNothing(const StoredKey& key) { return key.exists() ? key.body() : std::string_view(); }

}  // namespace amethyst::server
