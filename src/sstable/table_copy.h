// Copies a table's file part by part, and checks on the way that each is what was written: a copy of a damaged table is
// worth nothing. Checks checksums and the digest, and decodes nothing. Thread safety: any thread.
#pragma once

#include <cstdint>
#include <string>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "io/copy_file.h"
#include "io/file_system.h"
#include "sstable/table_reader.h"

namespace amethyst::sstable {

// Copies the table of `reader` to `to`, which must not exist, and syncs it, as io::CopyFile. kCorruption: its bytes are
// not those of the table.
[[nodiscard]] Result<io::FileDigest> CopyTable(const TableReader& reader, const io::FilePlace& to,
                                               io::OnPiece on_piece);

}  // namespace amethyst::sstable
