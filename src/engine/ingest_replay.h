// Ingests that the log tells of, at an open. Thread safety: called before anybody else has the database.
#pragma once

#include "engine/database.h"
#include "wal/log_recovery.h"

namespace amethyst::engine {

// That the record is whole, and its families are known to the manifest.
[[nodiscard]] Status CheckIngest(const tree::Forest& forest, const wal::RecoveredBatch& record);
// What the view shows of it, without tables of families that were dropped; nullptr: there is nothing else. kCorruption:
// a file is missing, or another.
[[nodiscard]] Result<WriteBufferPtr> LayerOf(Database& database, const tree::Forest& forest,
                                             const wal::RecoveredBatch& record);
// Puts its tables into the view again, above what was replayed before them; those of dropped families are left out.
// kCorruption: a file is missing, or another.
[[nodiscard]] Status ReplayIngest(Database& database, const tree::Forest& forest, const wal::RecoveredBatch& record);

}  // namespace amethyst::engine
