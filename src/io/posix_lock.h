// The lock by which a directory has one owner.
//
// What is locked is the directory itself, by flock on a descriptor of it: so its name may change, and the file LOCK may
// go, and a second open is refused all the same, in this process or another, by whatever name or symbolic link it
// comes. LOCK is locked beside it (an OFD lock), for older versions, which look at nothing else. Where the file system
// refuses to lock a directory (NFS does), LOCK is all there is, and CheckHeld looks whether it still is the file that
// was locked.
//
// Both locks belong to the open file, which a forked child shares. So a child closes its copies at once, and a parent
// that dies is survived by none; and the parent releases explicitly, for the sake of children that were made without
// fork's handlers. The child's object tells that it is not the owner. Thread safety: any thread at once.
#pragma once

#include <memory>

#include "io/file_system.h"
#include "io/posix_path.h"

namespace amethyst::io {

// As FileSystem::Lock.
[[nodiscard]] Result<std::unique_ptr<FileLock>> LockPosixFile(const PosixPath& path, LockMode mode);
// As FileSystem::IsLocked.
[[nodiscard]] Result<bool> IsPosixFileLocked(const PosixPath& path);

}  // namespace amethyst::io
