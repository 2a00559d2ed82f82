// Integers as LevelDB's files hold them: little-endian, or as varints. Thread safety: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace amethyst::compat {

static_assert(std::endian::native == std::endian::little);

template <typename T>
[[nodiscard]] T LoadFixed(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <typename T>
void AppendFixed(std::string* to, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  to->append(bytes, sizeof(T));
}

// False: `from` does not begin with one; likewise below.
template <typename T>
[[nodiscard]] bool ReadFixed(std::string_view* from, T* value) {
  if (from->size() < sizeof(T)) return false;
  *value = LoadFixed<T>(from->data());
  from->remove_prefix(sizeof(T));
  return true;
}

inline void AppendVarint(std::string* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) to->push_back(static_cast<char>(value | 0x80));
  to->push_back(static_cast<char>(value));
}

[[nodiscard]] inline bool ReadVarint64(std::string_view* from, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !from->empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(from->front());
    from->remove_prefix(1);
    *value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

[[nodiscard]] inline bool ReadVarint32(std::string_view* from, uint32_t* value) {
  uint64_t wide = 0;
  if (!ReadVarint64(from, &wide) || wide > UINT32_MAX) return false;
  *value = static_cast<uint32_t>(wide);
  return true;
}

}  // namespace amethyst::compat
