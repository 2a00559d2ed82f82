// The point read: what the versions of one key come to, asked of memtables newest first, of level 0 newest first, then
// of one table a level, until a version decides (key/resolver.h).
//
// It comes to the tables in two ways. The resident one stays inside the caller's epoch, borrows everything and never
// blocks: it gives up (kNotResident) where a table is not open or a block not in memory, or the key has operands. The
// loading one holds the view, reads, and merges. Both stop at the first source that decides, for sources are ordered by
// time. Thread safety: pure functions of a view, of one family of it.
#pragma once

#include <span>

#include "amethyst/error.h"
#include "engine/found.h"
#include "engine/statistics.h"
#include "engine/view.h"
#include "key/lookup_key.h"
#include "key/operands.h"

namespace amethyst::engine {

// Inside an epoch.
[[nodiscard]] Found FindResident(const FamilyView& family, const key::LookupKey& lookup, Statistics& statistics);

// Outside epochs.
[[nodiscard]] Result<PinnedFound> Find(const FamilyView& family, const key::LookupKey& lookup,
                                       const key::Merging& merging, bool fill_cache, Statistics& statistics);

// The same without a wait: kBusy where a file would have to be read.
[[nodiscard]] Result<PinnedFound> FindInMemory(const FamilyView& family, const key::LookupKey& lookup,
                                               const key::Merging& merging, Statistics& statistics);

}  // namespace amethyst::engine
