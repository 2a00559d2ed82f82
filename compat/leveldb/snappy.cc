#include "compat/leveldb/snappy.h"

#include <cstdint>

#include "compat/leveldb/coding.h"

namespace amethyst::compat {

namespace {

// An integer of 1 to 4 bytes, little-endian.
bool TakeInteger(std::string_view* from, size_t bytes, size_t* value) {
  if (from->size() < bytes) return false;
  *value = 0;
  for (size_t i = 0; i < bytes; ++i) *value |= size_t{static_cast<uint8_t>((*from)[i])} << (8 * i);
  from->remove_prefix(bytes);
  return true;
}

bool AppendLiteral(uint8_t tag, std::string_view* from, std::string* raw) {
  constexpr size_t kInTagMax = 60;
  size_t bytes = size_t{tag} >> 2;
  if (bytes >= kInTagMax && !TakeInteger(from, bytes - kInTagMax + 1, &bytes)) return false;
  ++bytes;
  if (bytes > from->size()) return false;
  raw->append(from->substr(0, bytes));
  from->remove_prefix(bytes);
  return true;
}

// Appends a copy of bytes that `raw` has already. The copy may reach into itself.
bool AppendCopy(uint8_t tag, std::string_view* from, std::string* raw) {
  size_t bytes = (size_t{tag} >> 2) + 1;
  size_t distance = 0;
  if ((tag & 3) == 1) {
    bytes = (size_t{tag} >> 2 & 7) + 4;
    if (!TakeInteger(from, 1, &distance)) return false;
    distance |= size_t{tag} >> 5 << 8;
  } else if (!TakeInteger(from, (tag & 3) == 2 ? 2 : 4, &distance)) {
    return false;
  }
  if (distance == 0 || distance > raw->size()) return false;
  for (; bytes > 0; --bytes) raw->push_back((*raw)[raw->size() - distance]);
  return true;
}

}  // namespace

bool Unsnap(std::string_view compressed, size_t bytes_max, std::string* raw) {
  uint32_t raw_bytes = 0;
  if (!ReadVarint32(&compressed, &raw_bytes) || raw_bytes > bytes_max) return false;
  raw->clear();
  while (!compressed.empty()) {
    const auto tag = static_cast<uint8_t>(compressed.front());
    compressed.remove_prefix(1);
    const bool taken = (tag & 3) == 0 ? AppendLiteral(tag, &compressed, raw) : AppendCopy(tag, &compressed, raw);
    if (!taken || raw->size() > raw_bytes) return false;
  }
  return raw->size() == raw_bytes;
}

}  // namespace amethyst::compat
