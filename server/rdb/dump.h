// The value of a stored key as the object that Redis 7.0 would write for it. What is inline here is packed there.
// Thread safety: one thread, the server's loop.
#pragma once

#include <string>

#include "server/config.h"
#include "server/keyspace/stored_key.h"

namespace amethyst::server::rdb {

// Of a key that exists.
[[nodiscard]] std::string DumpObject(StoredKey& key, const Config& config);

}  // namespace amethyst::server::rdb
