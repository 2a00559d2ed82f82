// A named place in the log, up to which a reader of the change feed is through with it.
//
//   state varint: 0 dropped, 1 at a place, 2 lost | name bytes varint | name | its place, unless dropped
//
// A place: varints segment, offset, sequence, next ordinal; then the chained checksum, u64. Its sequence is the one up
// to which the reader knows of all writes, those past the log included. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wal/log_position.h"

namespace amethyst::tree {

inline constexpr size_t kCursorNameBytesMax = 255;

struct FeedCursor {
  enum class State : uint8_t {
    kDropped = 0,
    kAtPlace = 1,
    kLost = 2,  // The log from there on is gone.
  };

  std::string name;
  State state{};
  wal::LogCut place{};

  void AppendTo(std::string* to) const;
  friend bool operator==(const FeedCursor&, const FeedCursor&) = default;
};

// False: it is not there, or out of bounds.
[[nodiscard]] bool ReadFeedCursor(std::string_view* from, FeedCursor* cursor);

void AppendLogCut(std::string* to, const wal::LogCut& cut);
[[nodiscard]] bool ReadLogCut(std::string_view* from, wal::LogCut* cut);

}  // namespace amethyst::tree
