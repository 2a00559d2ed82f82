// The one hash function, XXH3: of keys for filters, of bytes for checksums.
//
// Never change the seed or the function: filters and checksums on disk depend on them. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/function_ref.h"

namespace amethyst::base {

// A random 128-bit identity, of a database or a table.
struct Uid {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Uid&, const Uid&) = default;
};

[[nodiscard]] uint64_t Hash64(std::string_view bytes);
// The same of bytes that come in pieces, for what is too large to be held before it is known to be good: `next` gives
// one piece after the other, and an empty one at the end.
[[nodiscard]] uint64_t Hash64OfPieces(FunctionRef<std::string_view()> next);

// Where checksummed bytes belong: mixed into the checksum, so that bytes found in another file or at another
// offset do not pass, and a copied block is rebased without hashing it again.
struct Location {
  Uid owner;
  uint64_t offset = 0;
};

// MixLocation(Hash64(bytes), location).
[[nodiscard]] uint64_t Checksum(std::string_view bytes, const Location& location);
[[nodiscard]] uint64_t MixLocation(uint64_t hash, const Location& location);

// A fresh random identity from the operating system's entropy.
[[nodiscard]] Uid NewUid();

}  // namespace amethyst::base
