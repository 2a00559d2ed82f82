// Integers as bytes: little-endian fixed width and LEB128 varints.
//
// Readers take what they consume off the front of a view and return false, leaving it as it was, if the bytes
// do not hold the value: they are for hostile input. Thread safety: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace amethyst::base {

static_assert(std::endian::native == std::endian::little,
              "formats are little-endian; a big-endian port must swap here");

inline constexpr size_t kVarint64BytesMax = 10;

template <typename T>
[[nodiscard]] inline T LoadFixed(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename T>
inline void StoreFixed(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

// To a std::string, or to a Buffer (buffer.h); likewise the next ones.
template <typename T, typename Text>
inline void AppendFixed(Text* to, T value) {
  to->append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
[[nodiscard]] inline bool ReadFixed(std::string_view* from, T* value) {
  if (from->size() < sizeof(T)) return false;
  *value = LoadFixed<T>(from->data());
  from->remove_prefix(sizeof(T));
  return true;
}

// Stores `value` at `to`, which has room for kVarint64BytesMax bytes; returns the end.
inline char* StoreVarint(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

template <typename Text>
inline void AppendVarint(Text* to, uint64_t value) {
  char bytes[kVarint64BytesMax];
  to->append(bytes, static_cast<size_t>(StoreVarint(bytes, value) - bytes));
}

[[nodiscard]] bool ReadVarint64(std::string_view* from, uint64_t* value);
[[nodiscard]] bool ReadVarint32(std::string_view* from, uint32_t* value);

// A varint length, then as many bytes; the view points into the source.
template <typename Text>
inline void AppendLengthPrefixed(Text* to, std::string_view bytes) {
  AppendVarint(to, bytes.size());
  to->append(bytes);
}
[[nodiscard]] bool ReadLengthPrefixed(std::string_view* from, std::string_view* bytes);

}  // namespace amethyst::base
