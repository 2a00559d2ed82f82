// Log segments of the operating system: preallocated, and mapped where that is safe and worth it.
//
// Mapping and preallocation are optimisations, not needs. A store is a pwrite in a small segment, which is full before
// a mapping and its thread would pay; on file systems where a store into a mapping can meet a full disk, which would be
// a signal (copy-on-write, XFS with its reflinks among them; network); and where the system refuses to map or to
// populate. Where it cannot preallocate, zeros are written.
//
// Elsewhere the whole segment is mapped at once, but only a window of it holds pages: a thread of the segment's own
// populates it some MiB ahead of the writer, 1 MiB a step, and gives back what lies behind. So the writer pays a memcpy
// a record and a short lock a step, and errors of population reach it as a Status instead of a signal. Where the thread
// has fallen behind, a store is a pwrite, which is coherent with the mapping (one page cache); records that do not fit
// the window are one, too.
//
//   0        window_begin      writer      window_end  populated        capacity
//   |  given back  |   exposed to Store()      |  ready   |  not populated  |
//
// A zero-filled segment is populated for reading, so that only pages stored into become dirty, and a sync writes no
// more. Thread safety: as in log_segment.h.
#pragma once

#include <memory>

#include "io/file_system.h"
#include "io/posix_path.h"

namespace amethyst::io {

// As FileSystem::CreateLogSegment. On an error no file is left.
[[nodiscard]] Result<std::unique_ptr<LogSegment>> CreatePosixLogSegment(const PosixPath& path,
                                                                        const LogSegmentOptions& options);

}  // namespace amethyst::io
