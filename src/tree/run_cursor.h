// A cursor over a run, which opens a table only when the walk reaches it.
//
// A seek opens the one table that it lands in. Windows are those of the table's own cursor, shown without a copy. Going
// forward the walk ends before a table that lies wholly at or beyond the upper bound of the options, which is not
// opened for nothing. SkipDead passes over tables in which nothing is alive without opening them. The cursor shares
// ownership of the run, and through it of the tables. Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <vector>

#include "key/cursor.h"
#include "key/order.h"
#include "sstable/table_reader.h"
#include "tree/run.h"

namespace amethyst::tree {

[[nodiscard]] std::unique_ptr<key::Cursor> NewRunCursor(RunPtr run, key::Order order,
                                                        const sstable::CursorOptions& options);
// Over sorted, disjoint tables.
[[nodiscard]] std::unique_ptr<key::Cursor> NewRunCursor(std::vector<TablePtr> tables, key::Order order,
                                                        const sstable::CursorOptions& options);

}  // namespace amethyst::tree
