// Removes a database's files, and its directory if that holds nothing else: DB::Destroy over any file system.
//
// What catalog::TakeCensus does not prove to be the database's stays. The rest goes, then an error names what stayed of
// the names that a database gives. A directory that cannot be removed, such as a link or a mount point, stays empty.
//
// Whatever a crash leaves, there is the whole database, or none: never a part of one that looks like it. Once this
// returns OK, nothing comes back. Thread safety: any thread; it holds the database's lock meanwhile.
#pragma once

#include <string>

#include "amethyst/error.h"
#include "io/file_system.h"

namespace amethyst::repair {

[[nodiscard]] Status DestroyIn(io::FileSystem& files, const std::string& directory);

}  // namespace amethyst::repair
