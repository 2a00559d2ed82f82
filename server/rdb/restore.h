// Makes a key of a value that was read. Thread safety: one thread, the server's loop.
#pragma once

#include <cstddef>
#include <string_view>

#include "server/config.h"
#include "server/keyspace/access.h"
#include "server/rdb/rdb_value.h"

namespace amethyst::server::rdb {

// Adds `count` of the value's strings from `first` on, to a key that has those before them. Fields come with their
// values. Only of a list, a set, a sorted set or a hash.
struct Slice {
  size_t first = 0;
  size_t count = 0;
};
void RestoreSlice(Access& access, std::string_view user_key, const Value& value, Slice slice, const Config& config);
// Of a key that does not exist. It does not expire. Who waits for elements of it is told.
void RestoreValue(Access& access, std::string_view user_key, const Value& value, const Config& config);

}  // namespace amethyst::server::rdb
