// Files of the operating system behind the interfaces of file.h.
//
// A written file gathers small appends into 64 KiB; large ones go straight to the system. A file that is read has the
// kernel's own read-ahead turned off: what is worth reading ahead is known to the caller, who says so by Prefetch.
// Thread safety: as in file.h.
#pragma once

#include <memory>

#include "io/file.h"
#include "io/posix_path.h"

namespace amethyst::io {

// Creates `path`, which must not exist.
[[nodiscard]] Result<std::unique_ptr<WritableFile>> CreatePosixFile(const PosixPath& path);
[[nodiscard]] Result<std::unique_ptr<RandomAccessFile>> OpenPosixFile(const PosixPath& path);

}  // namespace amethyst::io
