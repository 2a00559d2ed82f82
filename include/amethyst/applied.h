// How far a log that the caller keeps has been applied to a database. See Options::external_log.
#pragma once

#include <cstdint>
#include <string>

namespace amethyst {

// A place in the caller's log, given to WriteBatch::SetApplied: all up to it is in the batches so far.
struct AppliedIndex {
  uint64_t index = 0;  // From 1 on.
  std::string note;    // At most 64 bytes of the caller's own: a term, an epoch.
  friend bool operator==(const AppliedIndex&, const AppliedIndex&) = default;
};

// 0: none yet.
struct Applied {
  uint64_t visible = 0;  // What reads show.
  uint64_t durable = 0;  // What the next open has, whatever happens: repeat the log from the entry behind it.
};

}  // namespace amethyst
