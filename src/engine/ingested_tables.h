// Tables that one ingest has brought, while they wait in the view for their turn to go into the tree.
//
// They stand above the memtables that were written before them and below those that came later; the flush that comes to
// their turn adds them to the tree as they are. Thread safety: immutable once readers see it.
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "key/types.h"
#include "tree/run.h"
#include "tree/version_edit.h"

namespace amethyst::engine {

class IngestedTables {
 public:
  // `added`: oldest first, all with their tables.
  explicit IngestedTables(std::vector<tree::AddedTable> added) : added_(std::move(added)) {
    AMETHYST_ASSERT(!added_.empty() && first_sequence() <= last_sequence());
    for (auto table = added_.rbegin(); table != added_.rend(); ++table) {
      std::vector<tree::RunPtr>& runs = RunsIn(table->family);
      runs.push_back(
          std::make_shared<const tree::Run>(std::vector<tree::TablePtr>{table->table}, table->table->order()));
      has_deletes_ = has_deletes_ || table->info.deletes > 0;
    }
  }

  [[nodiscard]] const std::vector<tree::AddedTable>& added() const { return added_; }
  [[nodiscard]] bool has_deletes() const { return has_deletes_; }
  [[nodiscard]] key::SequenceNumber first_sequence() const { return added_.front().info.smallest_sequence; }
  [[nodiscard]] key::SequenceNumber last_sequence() const { return added_.back().info.largest_sequence; }
  // A run for each table of the family, newest first; nullptr: it has none.
  [[nodiscard]] const std::vector<tree::RunPtr>* RunsOf(key::FamilyId family) const {
    const auto found = std::ranges::find(families_, family, [](const auto& one) { return one.first; });
    return found == families_.end() ? nullptr : &found->second;
  }
  // Calls `visit` for each table that may hold the key, newest first, until it returns true; whether it did.
  template <typename Visit>
  [[nodiscard]] bool AnyCandidate(key::FamilyId family, std::string_view key, Visit visit) const {
    const std::vector<tree::RunPtr>* const runs = RunsOf(family);
    if (runs == nullptr) return false;
    for (const tree::RunPtr& run : *runs) {
      const tree::Table& table = *run->tables().front();
      if (table.order().Less(key, table.info().smallest) || table.order().Less(table.info().largest, key)) continue;
      if (visit(table)) return true;
    }
    return false;
  }

 private:
  [[nodiscard]] std::vector<tree::RunPtr>& RunsIn(key::FamilyId family) {
    const auto found = std::ranges::find(families_, family, [](const auto& one) { return one.first; });
    return found == families_.end() ? families_.emplace_back(family, std::vector<tree::RunPtr>()).second
                                    : found->second;
  }

  std::vector<tree::AddedTable> added_;
  std::vector<std::pair<key::FamilyId, std::vector<tree::RunPtr>>> families_;
  bool has_deletes_ = false;
};

}  // namespace amethyst::engine
