// Work on the keyspace that no command asked for: expired keys are removed, and collections that no key names.
//
// The family `ttl` holds a key for each expiry, in order, so that the expired ones stand in front. A changed expiry
// leaves its old entry, which says nothing any more and is dropped. FLUSHDB, and a crash while a large collection was
// being built, leave collections that only the registry in `sys` knows; a slow walk over the registry finds them.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <string>

#include "server/keyspace/access.h"

namespace amethyst::server {

class Upkeep {
 public:
  // Removes up to `keys_max` keys that have expired by the access's time, and says "expired" of each. The caller has
  // begun the access and commits it. Returns how many keys went; `*looked_at` counts entries.
  [[nodiscard]] size_t Expire(Access& access, size_t keys_max, size_t* looked_at);

  // Looks at up to `ids_max` collections from where the last call ended.
  [[nodiscard]] size_t Sweep(Access& access, size_t ids_max);

 private:
  uint64_t next_id_ = 0;
};

}  // namespace amethyst::server
