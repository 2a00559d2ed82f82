// The moment that a read sees: an entry that came later does not exist for it.
//
// Every read carries one from its start to its end, and sources ask it what the read sees, so that all that a moment
// means is decided here. Today that is a sequence number; the time of a read would be one more member. Thread safety:
// plain value.
#pragma once

#include "key/types.h"

namespace amethyst::key {

struct ReadPoint {
  // Implicit, for as long as no entry expires a sequence number is all of it.
  constexpr ReadPoint(SequenceNumber sequence) : visible(sequence) {}

  [[nodiscard]] constexpr bool Sees(SequenceNumber sequence) const { return sequence <= visible; }

  SequenceNumber visible;  // The greatest that it sees.
};

}  // namespace amethyst::key
