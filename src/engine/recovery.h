// Opening: from a directory to the parts of an open database, with everything replayed that the log still holds.
//
// Order: lock, manifest, log replay (skipping what tables hold already), a new log segment that records the cut, one
// manifest edit; only then are dropped segments and orphans removed. A crash anywhere in between leaves a state that
// the next open recovers the same way. Read-only, nothing on disk is changed. Thread safety: called before anybody else
// has it.
#pragma once

#include <memory>
#include <string>

#include "amethyst/follower.h"
#include "engine/database.h"

namespace amethyst::engine {

// `following`: as a follower, read-only and without a lock; nullptr: not so.
[[nodiscard]] Result<std::shared_ptr<Database>> OpenDatabase(const std::string& directory, const Options& options,
                                                             Components components,
                                                             const FollowerOptions* following = nullptr);

}  // namespace amethyst::engine
