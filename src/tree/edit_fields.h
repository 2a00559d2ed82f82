// What the fields of a version edit are made of. Readers return false where the bytes do not hold the value, or one
// that is out of bounds: the caller can compute with what they give. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/coding.h"
#include "key/types.h"
#include "tree/file_names.h"

namespace amethyst::tree {

[[nodiscard]] inline std::string Varints(std::initializer_list<uint64_t> values) {
  std::string bytes;
  for (const uint64_t value : values) base::AppendVarint(&bytes, value);
  return bytes;
}

[[nodiscard]] inline bool ReadNumber(std::string_view* from, key::FileNumber* number) {
  uint64_t value = 0;
  if (!base::ReadVarint64(from, &value) || value > key::Raw(kFileNumberMax)) return false;
  *number = key::FileNumber{value};
  return true;
}

[[nodiscard]] inline bool ReadSequence(std::string_view* from, key::SequenceNumber* sequence) {
  uint64_t value = 0;
  if (!base::ReadVarint64(from, &value) || value > key::Raw(key::kSequenceMax)) return false;
  *sequence = key::SequenceNumber{value};
  return true;
}

// Sums of two must not overflow: as many seconds as no clock shows.
[[nodiscard]] inline bool ReadSeconds(std::string_view* from, uint64_t* seconds) {
  constexpr uint64_t kSecondsMax = uint64_t{1} << 48;
  return base::ReadVarint64(from, seconds) && *seconds <= kSecondsMax;
}

[[nodiscard]] inline bool ReadFamilyId(std::string_view* from, key::FamilyId* family) {
  uint32_t value = 0;
  if (!base::ReadVarint32(from, &value) || value == 0) return false;
  *family = key::FamilyId{value};
  return true;
}

}  // namespace amethyst::tree
