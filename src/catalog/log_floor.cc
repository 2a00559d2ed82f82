#include "catalog/log_floor.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::catalog {

void LogFloor::NoteIn(tree::VersionEdit* edit) const {
  edit->first_log_segment = first_segment;
  edit->oldest_delete_s = deletes_since_s;
}

LogFloor FloorAfter(std::span<const LogFloor> memtables, size_t flushed) {
  AMETHYST_ASSERT(flushed < memtables.size());
  AMETHYST_ASSERT(std::ranges::is_sorted(memtables, {}, &LogFloor::first_segment));  // I22
  return memtables[flushed];
}

}  // namespace amethyst::catalog
