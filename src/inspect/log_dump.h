// The entries of one log segment, read as far as it is whole. Read-only; needs no lock.
// Thread safety: pure function. A segment that is being written ends where the reader meets its end.
#pragma once

#include <string>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "inspect/table_report.h"
#include "io/file_system.h"
#include "wal/segment_reader.h"

namespace amethyst::inspect {

// Passes all entries of good records to `visit`, in order, until it returns false. A range delete has no key, and its
// range, as it is encoded (key/range.h), for a value. What ended the reading is in the summary.
[[nodiscard]] Result<wal::SegmentSummary> DumpLog(io::FileSystem& files, const std::string& path,
                                                  base::FunctionRef<bool(const ShownEntry&)> visit);

}  // namespace amethyst::inspect
