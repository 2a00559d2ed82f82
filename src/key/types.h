// Numbers that mean something, each with a type of its own. Thread safety: plain values.
#pragma once

#include <compare>
#include <cstdint>

#include "key/kind.h"

namespace amethyst::key {

// Orders all entries of a database in time; grows by one for each entry and is never used twice. 56 bits.
enum class SequenceNumber : uint64_t {};
inline constexpr SequenceNumber kSequenceMax{(uint64_t{1} << 56) - 1};

[[nodiscard]] constexpr uint64_t Raw(SequenceNumber sequence) { return static_cast<uint64_t>(sequence); }
[[nodiscard]] constexpr SequenceNumber operator+(SequenceNumber sequence, uint64_t n) {
  return SequenceNumber{Raw(sequence) + n};
}

// Sequence and kind in one word; tags of one key sort newest first when compared descending.
class Tag {
 public:
  constexpr Tag() = default;
  constexpr Tag(SequenceNumber sequence, EntryKind kind) : bits_((Raw(sequence) << 8) | static_cast<uint8_t>(kind)) {}
  [[nodiscard]] static constexpr Tag FromBits(uint64_t bits) {
    Tag tag;
    tag.bits_ = bits;
    return tag;
  }
  [[nodiscard]] constexpr uint64_t bits() const { return bits_; }
  [[nodiscard]] constexpr SequenceNumber sequence() const { return SequenceNumber{bits_ >> 8}; }
  [[nodiscard]] constexpr EntryKind kind() const { return static_cast<EntryKind>(bits_ & 0xff); }
  friend constexpr auto operator<=>(const Tag&, const Tag&) = default;

 private:
  uint64_t bits_ = 0;
};

// Names a file of a database ("000012.sst"); never used twice in its life.
enum class FileNumber : uint64_t {};
[[nodiscard]] constexpr uint64_t Raw(FileNumber number) { return static_cast<uint64_t>(number); }

// Names a family of keys; never used twice in the life of a database. The default family is always there.
enum class FamilyId : uint32_t {};
inline constexpr FamilyId kDefaultFamily{0};
[[nodiscard]] constexpr uint32_t Raw(FamilyId family) { return static_cast<uint32_t>(family); }

// A level of the tree: 0 is the newest, where tables overlap.
using Level = uint32_t;
inline constexpr Level kLevels = 7;

}  // namespace amethyst::key
