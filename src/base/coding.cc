#include "base/coding.h"

#include <limits>

namespace amethyst::base {

bool ReadVarint64(std::string_view* from, uint64_t* value) {
  uint64_t result = 0;
  for (size_t i = 0; i < from->size() && i < kVarint64BytesMax; ++i) {
    const auto byte = static_cast<uint8_t>((*from)[i]);
    if (i == kVarint64BytesMax - 1 && byte > 1) return false;  // Past 64 bits.
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      from->remove_prefix(i + 1);
      *value = result;
      return true;
    }
  }
  return false;
}

bool ReadVarint32(std::string_view* from, uint32_t* value) {
  std::string_view rest = *from;
  uint64_t wide = 0;
  if (!ReadVarint64(&rest, &wide) || wide > std::numeric_limits<uint32_t>::max()) return false;
  *from = rest;
  *value = static_cast<uint32_t>(wide);
  return true;
}

bool ReadLengthPrefixed(std::string_view* from, std::string_view* bytes) {
  std::string_view rest = *from;
  uint64_t size = 0;
  if (!ReadVarint64(&rest, &size) || size > rest.size()) return false;
  *bytes = rest.substr(0, size);
  rest.remove_prefix(size);
  *from = rest;
  return true;
}

}  // namespace amethyst::base
