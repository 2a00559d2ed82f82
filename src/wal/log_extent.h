// How far a log goes, and which segments it has, as those who read it ask: of the log itself in its writer
// (wal/log.h), of its files in a follower (engine/followed_log.h). Thread safety: any thread.
#pragma once

#include <optional>

#include "amethyst/error.h"
#include "key/types.h"
#include "wal/log_position.h"

namespace amethyst::wal {

class LogExtent {
 public:
  virtual ~LogExtent() = default;

  // Where whole records end that may be read.
  [[nodiscard]] virtual LogPosition end() const = 0;
  // Where the first record will be, while there is no segment.
  [[nodiscard]] virtual std::optional<LogCut> BeginOfUnstarted() const = 0;
  // The segment that follows `number` in the log; nullopt: there is none.
  [[nodiscard]] virtual Result<std::optional<key::FileNumber>> SegmentBehind(key::FileNumber number) const = 0;
  [[nodiscard]] virtual Result<bool> Has(key::FileNumber segment) const = 0;
};

}  // namespace amethyst::wal
