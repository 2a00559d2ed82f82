// Where range tombstones are kept: one table a family, beside its levels.
//
// A range tombstone hides what is older, by sequence numbers alone, wherever that lies. So it need not be in the table
// or the level of what it hides: a family has one list of them (key/range_tombstones.h), in memory as a part of its
// version, on disk as a table of its own, which an edit replaces as a whole. Levels, cuts, moves and bounds of tables
// know nothing of it. A tombstone goes once each table that overlaps it is clean of it (TableInfo::IsCleanOf). See
// docs/decisions/0030-range-tombstones-stand-beside-the-levels.md.
//
// Such a table is in bytewise order whatever the family's: keys are ordinals, 8 bytes, most significant first; values a
// range, the count of its sequence numbers, and those, newest first, all varints. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "key/range_tombstones.h"
#include "tree/table.h"
#include "tree/table_store.h"
#include "tree/version_edit.h"

namespace amethyst::tree {

// Writes and syncs a table of number `number`, of the options' family, as an edit adds it. `tombstones` is not empty.
[[nodiscard]] Result<AddedTable> WriteTombstoneTable(TableStore& store, key::FileNumber number,
                                                     const sstable::TableOptions& options,
                                                     std::shared_ptr<const key::RangeTombstones> tombstones,
                                                     uint64_t oldest_delete_time_s);
// Decodes the value of one entry. `range` borrows from it. False: it is not a fragment.
[[nodiscard]] bool ReadFragment(std::string_view value, key::Range* range, std::vector<key::SequenceNumber>* sequences);
// What such a table, the file `name`, holds, in `order`, the family's. kCorruption: it is damaged, or no such table.
[[nodiscard]] Result<std::shared_ptr<const key::RangeTombstones>> ReadTombstones(const sstable::TableReader& reader,
                                                                                 std::string_view name,
                                                                                 const key::Order& order);
[[nodiscard]] Result<std::shared_ptr<const key::RangeTombstones>> ReadTombstoneTable(const Table& table,
                                                                                     const key::Order& order);

}  // namespace amethyst::tree
