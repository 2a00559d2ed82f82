// What makes a database of tables that lie in a directory: a manifest that lists them, and CURRENT.
// Thread safety: pure functions.
#pragma once

#include <string>

#include "amethyst/error.h"
#include "io/file_system.h"
#include "tree/version_edit.h"

namespace amethyst::checkpoint {

// Turns the state of one database, as the one edit that makes it, into that of another, new one: with a uid of its own,
// the old one as its nearest ancestor, and no log.
void MakeAnother(tree::VersionEdit* state);

// Makes the database of `state` in `directory`, where all tables that it lists are, synced. All names in the directory
// are durable when it returns, and in no order before: UNFINISHED keeps it from being opened until then.
[[nodiscard]] Status WriteDatabase(io::FileSystem& files, const std::string& directory, const tree::VersionEdit& state);

}  // namespace amethyst::checkpoint
