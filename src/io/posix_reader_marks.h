// Marks as locks on single bytes of a file (F_OFD_SETLK), which belong to the open file and end with it.
// Thread safety: any thread at once.
#pragma once

#include <memory>

#include "io/posix_path.h"
#include "io/reader_marks.h"

namespace amethyst::io {

// Makes the file if it is not there.
[[nodiscard]] Result<std::unique_ptr<ReaderMarks>> OpenPosixReaderMarks(const PosixPath& path);

}  // namespace amethyst::io
