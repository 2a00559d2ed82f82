// The edits that changed a database's tables lately, and the tables from before them: what the page travels back over.
//
// Only tables that hold entries are in it; those of range deletes are at no level. The oldest edits are forgotten
// beyond a number and a size, which is estimated. Thread safety: one thread.
#pragma once

#include <cstdint>
#include <deque>

#include "inspect/tree_report.h"
#include "tree/version_edit.h"

namespace amethyst::page {

struct TimedEdit {
  uint64_t number = 0;   // Counted from 1.
  uint64_t time_ms = 0;  // Since 1970; 0: not known.
  tree::VersionEdit edit{};
};

struct HistoryLimits {
  size_t edits = 10'000;
  size_t bytes = size_t{64} << 20;
};

class History {
 public:
  explicit History(const HistoryLimits& limits = {}) : limits_(limits) {}

  // Applies the next edit of the manifest. nullptr: no table that the page shows changes by it.
  const TimedEdit* Apply(const tree::VersionEdit& edit, uint64_t time_ms);
  // The state becomes `state`, by one edit that brings what is different, if anything is.
  const TimedEdit* Replace(inspect::ManifestState state, uint64_t time_ms);

  [[nodiscard]] const inspect::ManifestState& now() const { return now_; }
  [[nodiscard]] const inspect::ManifestState& base() const { return base_; }  // Before the first of the edits.
  [[nodiscard]] const std::deque<TimedEdit>& edits() const { return edits_; }
  // Of the last edit; 0: there was none.
  [[nodiscard]] uint64_t last() const { return last_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  const TimedEdit* Keep(tree::VersionEdit shown, uint64_t time_ms);

  const HistoryLimits limits_;
  inspect::ManifestState base_;
  inspect::ManifestState now_;
  std::deque<TimedEdit> edits_;
  uint64_t last_ = 0;
  size_t bytes_ = 0;
  bool begun_ = false;
};

}  // namespace amethyst::page
