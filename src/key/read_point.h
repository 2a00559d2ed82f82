// The moment that a read sees: an entry that came later does not exist for it.
//
// Every read carries one from its start to its end, and sources ask it what the read sees, so that all that a moment
// means is decided here: a sequence number for what was written, and a time for what has expired. Thread safety: plain
// value.
#pragma once

#include "key/types.h"

namespace amethyst::key {

// A batch that can be read before it is written numbers its entries from here on: all of them are newer than what the
// database holds, which never comes so far.
inline constexpr SequenceNumber kOwnFirst{uint64_t{1} << 55};

[[nodiscard]] constexpr bool IsOwn(SequenceNumber sequence) { return sequence >= kOwnFirst; }

struct ReadPoint {
  // Implicit: where nothing expires a sequence number is all of it. At time 0 nothing has expired.
  constexpr ReadPoint(SequenceNumber sequence, uint64_t time_ms = 0) : visible(sequence), now_ms(time_ms) {}

  [[nodiscard]] constexpr bool Sees(SequenceNumber sequence) const {
    return sequence <= visible || Raw(sequence) - Raw(kOwnFirst) < own_count;
  }
  // The greatest number that it may see of a source that has `one` of them: the database's, or the reader's own.
  [[nodiscard]] constexpr SequenceNumber LastSeenBeside(SequenceNumber one) const {
    return Raw(one) - Raw(kOwnFirst) < own_count ? kOwnFirst + (own_count - 1) : visible;
  }
  [[nodiscard]] constexpr bool IsExpired(uint64_t expires_ms) const { return now_ms >= expires_ms; }

  SequenceNumber visible;  // The greatest of the database's that it sees.
  uint64_t now_ms;         // Since 1970, by the database's clock (engine/read_clock.h).
  uint64_t own_count = 0;  // How many it sees of the reader's own.
};

}  // namespace amethyst::key
