// Writes the oldest immutable memtable to a table of level 0, and lets the manifest know. Thread safety: one flush at a
// time.
#pragma once

#include "engine/core.h"

namespace amethyst::engine {

// There must be an immutable memtable. After an OK it is out of the view, and log segments that nobody needs any more
// are gone. On kNoSpace everything is as it was.
[[nodiscard]] Status FlushOldest(Core& core);

// After a manifest edit that added `tables` failed: they are listed nowhere if it was for lack of space, and go; after
// any other failure the edit may be durable, so they stay for the next open to judge.
void RemoveUnlisted(Core& core, const Error& error, const std::vector<tree::AddedTable>& tables);

}  // namespace amethyst::engine
