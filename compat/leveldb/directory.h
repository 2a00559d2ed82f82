// What lies in a database's directory, and what callers are told of one that is not ours to open.
// Thread safety: pure functions, apart from the files that they look at.
#pragma once

#include <leveldb/status.h>

#include <string>

#include "amethyst/error.h"

namespace amethyst::compat {

// Whether there is a database, as LevelDB's own functions tell: whosever it is, and however damaged.
[[nodiscard]] bool HasCurrent(const std::string& directory);

// LevelDB's text for a kBusy, which callers look for.
[[nodiscard]] leveldb::Status LockedStatus(const std::string& directory, const Error& error);

}  // namespace amethyst::compat
