// Rewrites sorted entries into tables: the one worker behind flush and compaction. Holds no policy.
//
// Reads a merge cursor, applies retention, cuts outputs where they reach their size or where the level below the output
// has a file boundary (never inside a user key), and hands back what the manifest edit needs. Stops at the next block
// boundary when asked to. A job may be split by key into parts that run at the same time. Thread safety: a job is run
// by one thread; parts are separate jobs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/compaction_filter.h"
#include "amethyst/error.h"
#include "amethyst/merge_operator.h"
#include "compaction/plan.h"
#include "compaction/retention.h"
#include "key/cursor.h"
#include "tree/table_store.h"
#include "tree/version.h"

namespace amethyst::compaction {

struct MergeSettings {
  sstable::TableOptions table_options;
  uint64_t table_bytes = uint64_t{32} << 20;  // Cut an output there; UINT64_MAX: one table (flush).
  key::Level output_level = 0;
  // Older versions may be in `version`, at these levels and below, outside `inputs` (by file number): for tombstones.
  // For a flush: 0 and every table.
  std::shared_ptr<const tree::Version> version;
  key::Level older_from_level = 0;
  std::vector<key::FileNumber> inputs;
  std::vector<key::SequenceNumber> snapshots;     // Ascending.
  uint64_t oldest_delete_time_s = 0;              // The oldest of the inputs' (a memtable's creation time for a flush).
  sstable::Lineage lineage{};                     // Of the outputs together; empty for a flush.
  const MergeOperator* merge_operator = nullptr;  // nullptr: operands are kept as they are.
  const CompactionFilter* compaction_filter = nullptr;  // nullptr: nothing is asked.
  std::chrono::seconds age{0};                          // As it takes it.
  uint64_t expired_ms = 0;                              // As Retention takes it.
  // All range deletes that may hide entries of the inputs, or of the outputs later on; nullptr: none.
  std::shared_ptr<const key::RangeTombstones> tombstones{};
  // Called with what was read and written since the last call; its error ends the rewrite. nullptr: nobody counts.
  std::function<Status(uint64_t bytes)> pace{};
  double read_bytes_per_entry = 0;                // What counts as read with an entry of the input.
  std::atomic<uint64_t>* entries_read = nullptr;  // Counted up now and then, for those who look on; nullptr: nobody.
  // Only keys in [begin, end): a part of a split job.
  std::optional<std::string> begin;
  std::optional<std::string> end;
};

struct MergeResult {
  std::vector<tree::AddedTable> added;  // Synced; the directory is synced by Catalog::Apply.
  uint64_t entries_read = 0;
  uint64_t entries_dropped = 0;
  uint64_t entries_filtered = 0;   // Dropped by the compaction filter.
  uint64_t blocks_taken_over = 0;  // Written as they were stored.
  uint64_t bytes_written = 0;
  uint64_t bytes_paced = 0;           // That MergeSettings::pace was called with.
  key::SequenceNumber made_oldest{};  // The greatest that an entry had which has sequence 0 now.
};

// What ends a rewrite before its time. It looks before each window of entries.
class StopSignals {
 public:
  // The flags outlive the rewrite.
  StopSignals(const std::atomic<bool>& closed) : closed_(closed), full_(closed) {}
  StopSignals(const std::atomic<bool>& closed, const std::atomic<bool>& full) : closed_(closed), full_(full) {}
  // kClosed, or kNoSpace where somebody needs the space that is left.
  [[nodiscard]] Status Check() const;

 private:
  const std::atomic<bool>& closed_;
  const std::atomic<bool>& full_;
};

// Drains `input`, from where the range begins, wherever it stands. On an error or a stop its outputs, finished or not,
// are obsolete files of the store.
[[nodiscard]] Result<MergeResult> RunMerge(tree::TableStore& store,
                                           const std::function<key::FileNumber()>& new_file_number, key::Cursor& input,
                                           const MergeSettings& settings, const StopSignals& stop);

// Cuts a merge of these tables into up to `parts` ranges of about equal bytes: the inner boundaries, ascending. None if
// the inputs are small: a part has 2 MiB at least.
[[nodiscard]] std::vector<std::string> SplitBoundaries(const std::vector<tree::TablePtr>& inputs,
                                                       const key::Order& order, uint32_t parts);

// The shape of a version for the planner; `busy` are inputs of running jobs. With `want_sketches` it opens the tables
// above the last level, whose sketches are never asked for, to get at theirs.
[[nodiscard]] TreeShape ShapeOf(const tree::Version& version, const std::vector<key::FileNumber>& busy,
                                bool want_sketches);

}  // namespace amethyst::compaction
