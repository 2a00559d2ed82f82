// Makes a key of a value that was read. Thread safety: one thread, the server's loop.
#pragma once

#include <string_view>

#include "server/config.h"
#include "server/keyspace/access.h"
#include "server/rdb/rdb_value.h"

namespace amethyst::server::rdb {

// Of a key that does not exist. It does not expire. Who waits for elements of it is told.
void RestoreValue(Access& access, std::string_view user_key, const Value& value, const Config& config);

}  // namespace amethyst::server::rdb
