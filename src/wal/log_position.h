// Places in the log: where something ends, and all that the next segment must know about the one before it.
// Thread safety: plain values.
#pragma once

#include <compare>
#include <cstdint>

#include "key/types.h"

namespace amethyst::wal {

// A place in the log, ordered.
struct LogPosition {
  key::FileNumber segment{};
  uint64_t offset = 0;
  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

// Where a log ends: recorded in the next segment's header, so that what was cut can never come back, and by a clean
// close in the manifest.
struct LogCut {
  key::FileNumber segment{};  // The last one with content; 0 for an empty log.
  uint64_t offset = 0;        // Its valid end.
  key::SequenceNumber last_sequence{};
  uint64_t next_ordinal = 0;      // Of the next record.
  uint64_t chained_checksum = 0;  // Over the checksums of all records of the last segment up to the cut.

  [[nodiscard]] LogPosition position() const { return {.segment = segment, .offset = offset}; }
  friend bool operator==(const LogCut&, const LogCut&) = default;
};

// One place, whatever is known of writes past the log.
[[nodiscard]] inline bool IsSamePlace(const LogCut& a, const LogCut& b) {
  return a.position() == b.position() && a.next_ordinal == b.next_ordinal && a.chained_checksum == b.chained_checksum;
}

}  // namespace amethyst::wal
