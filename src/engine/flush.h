// Writes the oldest immutable memtable to a table of level 0, and lets the manifest know. Thread safety: one flush at a
// time; ReleaseLog beside it.
#pragma once

#include "engine/core.h"

namespace amethyst::engine {

// There must be an immutable memtable. After an OK it is out of the view, and log segments that nobody needs any more
// are gone. On an error that clears by itself everything is as it was. Ends (kClosed) when an error is latched.
[[nodiscard]] Status FlushOldest(Core& core);

// Removes the log segments in front of the active memtable's first, if no memtable waits for flush: else its flush does
// so.
[[nodiscard]] Status ReleaseLog(Core& core);

}  // namespace amethyst::engine
