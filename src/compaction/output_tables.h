// The tables that a rewrite has made so far: begun when an entry needs one, finished at a cut, removed if the job
// fails.
//
// Until Finish has handed them out they belong to this object, and its destructor hands them to the store as obsolete:
// a job that fails or stops leaves nothing behind once those are deleted, which they are not after an error that ends
// all writing (they are orphans then, for the next open). Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/error.h"
#include "cache/memory_budget.h"
#include "key/bounds.h"
#include "key/entry.h"
#include "key/types.h"
#include "sstable/table_writer.h"
#include "tree/table_store.h"
#include "tree/version_edit.h"

namespace amethyst::compaction {

class OutputTables {
 public:
  struct Settings {
    sstable::TableOptions table_options;
    key::Level level = 0;
    uint64_t oldest_delete_time_s = 0;
    sstable::Lineage lineage{};  // Of all of them together.
    key::BoundLimits limits{};   // Likewise.
  };
  OutputTables(tree::TableStore& store, std::function<key::FileNumber()> new_file_number, Settings settings);
  ~OutputTables();
  OutputTables(const OutputTables&) = delete;
  OutputTables& operator=(const OutputTables&) = delete;

  // After an error only the destructor may be called.
  [[nodiscard]] Status Add(const key::Entry& entry, bool is_last = false) {
    if (writer_ == nullptr) [[unlikely]]
      AMETHYST_TRY(Begin());
    return writer_->Add(entry, is_last);
  }
  // See sstable::TableWriter.
  [[nodiscard]] Result<bool> AddStored(std::span<const key::Entry> entries, std::string_view stored) {
    if (writer_ == nullptr) AMETHYST_TRY(Begin());
    return writer_->AddStored(entries, stored);
  }
  // Of the current table; 0: it has no entry.
  [[nodiscard]] uint64_t current_bytes() const {
    return writer_ == nullptr || writer_->entries() == 0 ? 0 : writer_->EstimatedBytes();
  }
  // Of all that were begun, until they are handed out.
  [[nodiscard]] uint64_t bytes() const {
    uint64_t bytes = current_bytes();
    for (const tree::AddedTable& table : finished_) bytes += table.info.file_bytes;
    return bytes;
  }
  // Reserves in the memory budget what the current table's writer holds; to be called now and then.
  void ReserveMemory();
  // Ends the current table, if it has an entry: `key`, the next one, is not in it. Where the two tables would need
  // bounds that are long beside the table, it goes on.
  [[nodiscard]] Status CutBefore(std::string_view key);
  // Ends the last one too and hands all out: the caller owns their files.
  [[nodiscard]] Result<std::vector<tree::AddedTable>> Finish();

 private:
  [[nodiscard]] Status Begin();
  [[nodiscard]] Status FinishTable(std::string_view span_end, const std::optional<std::string>& bound);

  tree::TableStore& store_;
  const std::function<key::FileNumber()> new_file_number_;
  const Settings settings_;
  std::string span_begin_;              // Of the next table to be finished,
  std::optional<std::string> bound_;    // and what its smallest bound is not below.
  std::vector<key::FileNumber> files_;  // Created, and still ours to remove.
  std::vector<tree::AddedTable> finished_;
  cache::Reservation memory_;
  std::unique_ptr<sstable::TableWriter> writer_;  // Of the last of files_; nullptr between tables.
};

}  // namespace amethyst::compaction
