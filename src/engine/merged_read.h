// The point read of a key that has operands: all of its versions, newest first, down to the one that decides, and what
// the merge operator makes of them.
//
// The operator is called here, outside epochs and locks. Thread safety: a pure function of a view, of one family of it.
#pragma once

#include "engine/found.h"
#include "engine/view.h"
#include "key/lookup_key.h"
#include "key/operands.h"

namespace amethyst::engine {

// Outside epochs. Errors: of reading, and as key::Operands::Merge.
[[nodiscard]] Result<PinnedFound> FindMerged(const FamilyView& family, const key::LookupKey& lookup,
                                             const key::Merging& merging, const sstable::CursorOptions& options);

}  // namespace amethyst::engine
