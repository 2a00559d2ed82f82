// Locks by file: an OFD lock (fcntl F_OFD_SETLK) against other processes, and a registry of the process keyed by device
// and inode against a second open in it, whatever name or symbolic link it came by.
//
// An OFD lock belongs to the open file, which a forked child shares. So the child must not release it, and the parent
// releases it explicitly instead of by its last close; the child's lock tells that it is not the owner.
// Thread safety: any thread at once.
#pragma once

#include <memory>
#include <string>

#include "io/file_system.h"

namespace amethyst::io {

// As FileSystem::Lock.
[[nodiscard]] Result<std::unique_ptr<FileLock>> LockPosixFile(const std::string& path, LockMode mode);

}  // namespace amethyst::io
