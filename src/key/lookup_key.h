// A key to look up, with all that is computed once for the whole lookup. Thread safety: immutable; borrows the key.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "key/read_point.h"

namespace amethyst::key {

struct LookupKey {
  LookupKey(std::string_view user_key, ReadPoint read_point)
      : key(user_key), hash(base::Hash64(user_key)), read(read_point) {}

  std::string_view key;
  uint64_t hash;  // Of the key, for every filter.
  ReadPoint read;
};

}  // namespace amethyst::key
