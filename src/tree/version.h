// The immutable set of live tables that one read or one plan sees.
//
// Level 0: tables in the order of their making, newest first; they may overlap. Levels 1 and up: one run each, sorted, disjoint.
// A level's index keeps the heads of its tables' largest keys after their common prefix, so that finding the table for a
// key is a binary search over contiguous integers. Thread safety: immutable.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "key/order.h"
#include "key/types.h"
#include "merge/merge_cursor.h"
#include "tree/table.h"
#include "tree/version_edit.h"

namespace amethyst::tree {

// A sorted, disjoint run and its search index.
class Run {
 public:
  Run() = default;
  Run(std::vector<TablePtr> tables, key::Order order);
  [[nodiscard]] std::span<const TablePtr> tables() const { return tables_; }
  // The index of the first table whose largest key is at or after `key`; tables().size() if none.
  [[nodiscard]] size_t LowerBound(std::string_view key) const;
  // The only table that can hold `key`, or nullptr.
  [[nodiscard]] const Table* Find(std::string_view key) const;

 private:
  std::vector<TablePtr> tables_;
  key::Order order_{};
  std::string prefix_;                // Common to all largest keys; heads skip it.
  std::vector<key::Head> heads_;      // Of the largest keys.
};

class Version {
 public:
  explicit Version(key::Order order) : order_(order) {}
  // The version after `edit`, with new tables opened by `make_table`. kCorruption if the edit does not fit (a table removed that is
  // not there, added twice, overlapping its level).
  [[nodiscard]] Result<std::shared_ptr<const Version>> Apply(
      const VersionEdit& edit, base::FunctionRef<TablePtr(const AddedTable&)> make_table) const;

  [[nodiscard]] std::span<const TablePtr> level0() const { return level0_; }  // Newest first.
  [[nodiscard]] const Run& run(key::Level level) const { return runs_[level]; }  // Levels 1 and up.
  [[nodiscard]] std::span<const TablePtr> tables(key::Level level) const;
  [[nodiscard]] uint64_t LevelBytes(key::Level level) const;
  [[nodiscard]] const key::Order& order() const { return order_; }

  // Tables of `level` that hold keys in [begin, end] (both inclusive; nullopt is open).
  [[nodiscard]] std::vector<TablePtr> Overlapping(key::Level level, std::optional<std::string_view> begin,
                                                  std::optional<std::string_view> end) const;

 private:
  key::Order order_;
  std::vector<TablePtr> level0_;
  std::array<Run, key::kLevels> runs_;  // [0] unused.
};

// Cursors over a version, for a merge: one for each table of level 0, one for each further level that is not empty, which opens a table
// only when the walk reaches it. They share ownership of the tables, not of the version.
void AppendCursors(const Version& version, const sstable::CursorOptions& options,
                   std::vector<std::unique_ptr<key::Cursor>>* cursors);
// A cursor over sorted, disjoint tables.
[[nodiscard]] std::unique_ptr<key::Cursor> NewRunCursor(std::vector<TablePtr> tables, key::Order order,
                                                        const sstable::CursorOptions& options);

}  // namespace amethyst::tree
