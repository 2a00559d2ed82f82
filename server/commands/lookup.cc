#include "server/commands/lookup.h"

#include "server/server.h"

namespace amethyst::server {

void CountLookup(Call& call, bool found) {
  Server::Counters& counters = call.server.counters();
  ++(found ? counters.keyspace_hits : counters.keyspace_misses);
}

bool MayWrite(Call& call, const Members& members) {
  if (members.IsOtherType()) call.reply.Error(kWrongType);
  return !members.IsOtherType();
}

bool MayRead(Call& call, const Members& members) {
  CountLookup(call, members.exists());
  return MayWrite(call, members);
}

}  // namespace amethyst::server
