// Writes the oldest immutable memtable to a table of level 0, lets the manifest know, and lets go of the log. Thread
// safety: one flush at a time; ReleaseLog beside it; EndLog alone.
#pragma once

#include "engine/core.h"

namespace amethyst::engine {

enum class Writers : uint8_t { kMayCome, kGone };

// There must be an immutable memtable. After an OK it is out of the view, and log segments that nobody needs any more
// are gone. On an error that clears by itself everything is as it was. Ends (kClosed) when an error is latched. If no
// writer comes any more and nothing else is in memory, the same edit ends the log.
[[nodiscard]] Status FlushOldest(Core& core, Writers writers = Writers::kMayCome);

// Removes the log segments in front of the active memtable's first, if no memtable waits for flush: else its flush does
// so.
[[nodiscard]] Status ReleaseLog(Core& core);

// Closes the log and notes its end, so that the next open knows that nothing is missing. Where tables hold all of it,
// as they do unless the disk was full, it ends before the first segment that will be needed, and its files go.
[[nodiscard]] Status EndLog(Core& core);

}  // namespace amethyst::engine
