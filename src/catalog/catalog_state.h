// What the records of a manifest add up to: the trees and the numbers beside them. Apply takes the step After; replay,
// which may have ten thousand steps to take, changes a forest of its own in place, and takes the numbers alone.
// Thread safety: immutable values.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "base/hash.h"
#include "key/order.h"
#include "key/types.h"
#include "tree/forest.h"
#include "tree/version_edit.h"

namespace amethyst::catalog {

struct CatalogState {
  explicit CatalogState(key::Order order) : forest(std::make_shared<const tree::Forest>(order)) {}

  std::shared_ptr<const tree::Forest> forest;
  base::Uid database_uid;
  std::string comparator_name;
  std::vector<base::Uid> ancestors;  // See tree::VersionEdit.
  // These only grow, whatever an edit says.
  key::SequenceNumber flushed_sequence{};
  key::SequenceNumber last_sequence{};
  key::FileNumber first_log_segment{};
  key::FileNumber next_file_number{1};
  std::optional<tree::DeleteTime> delete_time;
  std::optional<uint64_t> read_time_ms;
  // As the last edit says that says it.
  std::optional<uint64_t> oldest_delete_s;
  std::optional<std::string> merge_operator_name;
  std::optional<AppliedIndex> applied{};  // Its index only grows.
  std::map<std::string, tree::FeedCursor> cursors{};
  // Of the last edit alone; but that of an empty log stays until a first segment is named.
  std::optional<wal::LogCut> clean_log_end;

  // Closed cleanly, with all of the log in tables: no segment is there, and the next one goes on where it ended.
  [[nodiscard]] bool log_is_empty() const { return clean_log_end && clean_log_end->segment < first_log_segment; }
  // All is in tables: it was closed so, or is a copy that nobody has written to.
  [[nodiscard]] bool has_no_log() const { return log_is_empty() || first_log_segment == key::FileNumber{0}; }

  // The state after one more edit. kCorruption: it does not fit.
  [[nodiscard]] Result<CatalogState> After(const tree::VersionEdit& edit, tree::Forest::MakeTable make_table) const;
  // The same of all but the forest.
  [[nodiscard]] CatalogState WithNumbersOf(const tree::VersionEdit& edit) const;
  // The one edit that makes this state out of nothing.
  [[nodiscard]] tree::VersionEdit Snapshot() const;
};

}  // namespace amethyst::catalog
