// Writes the oldest immutable memtable to a table of level 0, and lets the manifest know. Thread safety: one flush at a
// time; ReleaseLog beside it.
#pragma once

#include "engine/core.h"

namespace amethyst::engine {

enum class Writers : uint8_t { kMayCome, kGone };

// There must be an immutable memtable. After an OK it is out of the view, and log segments that nobody needs any more
// are gone. On an error that clears by itself everything is as it was. Ends (kClosed) when an error is latched. If no
// writer comes any more and nothing else is in memory, the same edit ends the log.
[[nodiscard]] Status FlushOldest(Core& core, Writers writers = Writers::kMayCome);

// Makes `edit` say that the log ends where it does now, cleanly, and that no segment of it is needed.
void EndLogIn(Core& core, tree::VersionEdit* edit);
// Removes segments that the manifest needs no more, of a log that is closed. Others are left to the next open.
void RemoveSegments(const Core& core, const std::vector<key::FileNumber>& segments);

// Removes the log segments in front of the active memtable's first, if no memtable waits for flush: else its flush does
// so.
[[nodiscard]] Status ReleaseLog(Core& core);

}  // namespace amethyst::engine
