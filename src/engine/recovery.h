// Opening: from a directory to the parts of an open database, with everything replayed that the log still holds.
//
// Order: lock, manifest, log replay (skipping what tables hold already), a new log segment that records the cut, one
// manifest edit; only then are dropped segments and orphans removed. A crash anywhere in between leaves a state that
// the next open recovers the same way. Read-only, nothing on disk is changed. Thread safety: called before anybody else
// has it.
#pragma once

#include <memory>
#include <string>

#include "engine/database.h"

namespace amethyst::engine {

[[nodiscard]] Result<std::shared_ptr<Database>> OpenDatabase(const std::string& directory, const Options& options,
                                                             Components components);

}  // namespace amethyst::engine
