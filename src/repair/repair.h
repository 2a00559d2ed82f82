// Copies what is whole of a damaged database into a new one: DB::Repair over any parts of a database.
//
// The damaged one is only read, under its lock. A table, or a stretch of the log, that is no longer known from the
// manifest is taken by what it says of itself; where two sources have a key, the newer entry wins (SalvageMerge). A
// repair that fails removes what it wrote: a part of what can be saved would look like all of it.
// Thread safety: any thread.
#pragma once

#include <filesystem>

#include "amethyst/components.h"
#include "amethyst/db.h"
#include "amethyst/error.h"

namespace amethyst::repair {

// Errors: as DB::Repair.
[[nodiscard]] Result<RepairReport> RepairInto(const std::filesystem::path& from, const std::filesystem::path& to,
                                              Components components);

}  // namespace amethyst::repair
