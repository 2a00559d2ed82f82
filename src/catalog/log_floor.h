// From where on the log is needed, decided from what is in memory alone: an older segment can go.
//
// Memtables are flushed in the order in which they were filled, and each begins in the segment that the log wrote when
// it took over. So recovery needs the log from the oldest memtable's first segment on, and to let go of a segment is to
// flush the memtables that begin in it or before it. What readers of the log need beside that, wal::LogReaders knows.
// The manifest notes the floor, and the segments below it are removed after that. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <span>

#include "key/types.h"
#include "tree/version_edit.h"

namespace amethyst::catalog {

// Of one memtable, or of all that is in memory.
struct LogFloor {
  key::FileNumber first_segment{};  // No earlier one holds an entry.
  uint64_t deletes_since_s = 0;     // No delete is older, of those that the log holds from there on; 0: it holds none.

  void NoteIn(tree::VersionEdit* edit) const;
  friend bool operator==(const LogFloor&, const LogFloor&) = default;
};

// Once the `flushed` oldest memtables are in tables. `memtables`: oldest first, with the one that is being filled,
// which is in no table yet.
[[nodiscard]] LogFloor FloorAfter(std::span<const LogFloor> memtables, size_t flushed);

}  // namespace amethyst::catalog
