// The immutable set of live tables that one read or one plan sees.
//
// Level 0: tables in the order of their making, newest first; they may overlap. Levels 1 and up: one run each, sorted,
// disjoint. A version is made from another by an edit, which is checked in full, and shares what the edit leaves alone.
// Thread safety: immutable.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "key/cursor.h"
#include "key/order.h"
#include "key/range_tombstones.h"
#include "key/types.h"
#include "tree/run.h"
#include "tree/run_cursor.h"
#include "tree/table.h"
#include "tree/version_edit.h"

namespace amethyst::tree {

class Version {
 public:
  explicit Version(key::Order order);
  // The version after `edit`, with new tables made by `make_table`; one that is removed and added again is moved, as
  // the same object. kCorruption if the edit does not fit (a table removed that is not there, added twice, of
  // impossible sizes, overlapping its level).
  [[nodiscard]] Result<std::shared_ptr<const Version>> Apply(
      const VersionEdit& edit, base::FunctionRef<TablePtr(const AddedTable&)> make_table) const;

  [[nodiscard]] std::span<const TablePtr> level0() const { return level0_; }      // Newest first.
  [[nodiscard]] const Run& run(key::Level level) const { return *runs_[level]; }  // Levels 1 and up.
  [[nodiscard]] std::span<const TablePtr> tables(key::Level level) const;
  [[nodiscard]] uint64_t LevelBytes(key::Level level) const;
  // nullptr: not at this level.
  [[nodiscard]] TablePtr FindTable(key::Level level, key::FileNumber number) const;
  [[nodiscard]] const key::Order& order() const { return order_; }

  // What range deletes still hide in these tables; nullptr: there are none.
  [[nodiscard]] const std::shared_ptr<const key::RangeTombstones>& tombstones() const { return tombstones_; }
  // The table that keeps them; nullptr: there are none. It is at no level.
  [[nodiscard]] const TablePtr& tombstone_table() const { return tombstone_table_; }
  // This version with the tombstones of its table, which a manifest does not hold.
  [[nodiscard]] std::shared_ptr<const Version> WithTombstones(std::shared_ptr<const key::RangeTombstones> them) const;
  // Calls `visit` with the level and the table, for all files: the table of tombstones last, as of level 0.
  template <typename Visit>
  void ForEachTable(Visit visit) const {
    for (key::Level level = 0; level < key::kLevels; ++level) {
      for (const TablePtr& table : tables(level)) visit(level, table);
    }
    if (tombstone_table_ != nullptr) visit(key::Level{0}, tombstone_table_);
  }

  // Tables of `level` that hold keys in [begin, end] (both inclusive; nullopt is open).
  [[nodiscard]] std::vector<TablePtr> Overlapping(key::Level level, std::optional<std::string_view> begin,
                                                  std::optional<std::string_view> end) const;

  // For cursors: each table of level 0 as a run of its own, newest first, then the levels' runs that are not empty.
  [[nodiscard]] std::vector<RunPtr> runs() const;

 private:
  [[nodiscard]] Status CheckUnused(const std::set<key::FileNumber>& numbers) const;
  void SetLevel(key::Level level, std::vector<TablePtr> tables);
  // The part of the edit that concerns tombstones; returns the rest.
  [[nodiscard]] Result<VersionEdit> ChangeTombstones(const VersionEdit& edit,
                                                     base::FunctionRef<TablePtr(const AddedTable&)> make_table);

  key::Order order_;
  std::vector<TablePtr> level0_;
  std::vector<RunPtr> level0_runs_;
  std::array<RunPtr, key::kLevels> runs_;  // Never nullptr; [0] stays empty.
  TablePtr tombstone_table_;
  std::shared_ptr<const key::RangeTombstones> tombstones_;  // nullptr with a table: they are not read yet.
};

// Cursors over all tables, for a merge: one for each table of level 0, one for each further level that is not empty.
// They open tables as the walk reaches them, and share ownership of the tables, not of the version.
void AppendCursors(const Version& version, const sstable::CursorOptions& options,
                   std::vector<std::unique_ptr<key::Cursor>>* cursors);

}  // namespace amethyst::tree
