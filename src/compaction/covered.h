// What range deletes have left to do in a tree: which tables they hide whole, or in part, and which of them are still
// needed.
//
// All of it is decided on one version, when it is asked, and never remembered. Thread safety: pure functions.
#pragma once

#include <span>
#include <vector>

#include "compaction/shape.h"
#include "key/range_tombstones.h"
#include "tree/version.h"
#include "tree/version_edit.h"

namespace amethyst::compaction {

// Whether no reader sees an entry of the table any more, `oldest_snapshot` included: it can go unread.
[[nodiscard]] bool IsCovered(const TreeShape& shape, const TableShape& table, key::SequenceNumber oldest_snapshot);
// Whether a rewrite may rid the table of entries that are hidden from all readers.
[[nodiscard]] bool MayHoldCovered(const TreeShape& shape, const TableShape& table, key::SequenceNumber oldest_snapshot);

// Up to where the outputs of a merge are clean of range deletes, all of which are `tombstones` (nullptr: there are
// none), if the merge applies them: as far as all readers see them.
[[nodiscard]] key::SequenceNumber CleanThrough(const key::RangeTombstones* tombstones,
                                               std::span<const key::SequenceNumber> snapshots);

// Whether one of them still hides something in a table of `version`.
[[nodiscard]] bool IsNeeded(const key::RangeTombstones& tombstones, const tree::Version& version);
// Those that still hide something in a table of `version` or among `added`, in fragments of their own.
[[nodiscard]] key::RangeTombstones StillNeeded(const key::RangeTombstones& tombstones, const tree::Version& version,
                                               std::span<const tree::AddedTable> added);

}  // namespace amethyst::compaction
