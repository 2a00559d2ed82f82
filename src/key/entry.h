// One entry as cursors show it: borrowed key and value, and the tag. Thread safety: plain value.
#pragma once

#include <cstdint>
#include <string_view>

#include "key/types.h"

namespace amethyst::key {

struct Entry {
  const char* key_data = nullptr;
  const char* value_data = nullptr;
  uint32_t key_bytes = 0;
  uint32_t value_bytes = 0;
  Tag tag;

  Entry() = default;
  Entry(std::string_view key, Tag entry_tag, std::string_view value)
      : key_data(key.data()),
        value_data(value.data()),
        key_bytes(static_cast<uint32_t>(key.size())),
        value_bytes(static_cast<uint32_t>(value.size())),
        tag(entry_tag) {}

  [[nodiscard]] std::string_view key() const { return {key_data, key_bytes}; }
  [[nodiscard]] std::string_view value() const { return {value_data, value_bytes}; }
};
static_assert(sizeof(Entry) == 32);

}  // namespace amethyst::key
