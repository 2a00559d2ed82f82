// What lies in a database's directory, and what callers are told of one that is not ours to open.
// Thread safety: pure functions but for the files that they look at.
#pragma once

#include <leveldb/status.h>

#include <string>

#include "amethyst/error.h"

namespace amethyst::compat {

enum class DirectoryKind {
  kOther,     // No database, or no directory.
  kAmethyst,  // A file CURRENT that is none of LevelDB's.
  kLevelDb,   // LevelDB itself wrote it.
};
[[nodiscard]] DirectoryKind KindOf(const std::string& directory);

[[nodiscard]] leveldb::Status WrittenByLevelDb(const std::string& directory);
// LevelDB's text for a kBusy, which callers look for.
[[nodiscard]] leveldb::Status LockedStatus(const std::string& directory, const Error& error);

}  // namespace amethyst::compat
