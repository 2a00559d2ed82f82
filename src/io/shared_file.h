// A file of fixed size that its writer changes in place, for other processes to look at while it does.
//
// Nothing of it is ever synced, and nothing that matters stands in it: every error means to do without. Where mapping
// is safe (ext4, tmpfs) a store is a store into the mapping, elsewhere a write; both survive the end of the process.
// Readers use FileSystem::Open. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <span>

#include "amethyst/error.h"

namespace amethyst::io {

class SharedFile {
 public:
  virtual ~SharedFile() = default;

  // Stores each word as a whole at `offset`, a multiple of 8: words of one call in their order, and after all of
  // earlier calls. They must lie within the file. An error, some words possibly stored: the file was cut off by
  // somebody, or has no space; the caller closes it.
  [[nodiscard]] virtual Status Store(uint64_t offset, std::span<const uint64_t> words) = 0;
};

}  // namespace amethyst::io
