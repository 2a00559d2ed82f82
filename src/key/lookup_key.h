// A key to look up, with all that is computed once for the whole lookup. Thread safety: immutable; borrows the key.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "key/types.h"

namespace amethyst::key {

struct LookupKey {
  LookupKey(std::string_view user_key, SequenceNumber visible_sequence)
      : key(user_key), hash(base::Hash64(user_key)), visible(visible_sequence) {}

  std::string_view key;
  uint64_t hash;           // Of the key, for every filter.
  SequenceNumber visible;  // Entries above it do not exist for this read.
};

}  // namespace amethyst::key
