// A small tree of real tables in memory for tests of rewriting: versions without a manifest, and what a snapshot sees.
// Thread safety: one thread at a time.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "amethyst/components.h"
#include "compaction/merge_job.h"
#include "merge/merge_cursor.h"
#include "sstable/table_writer.h"
#include "support/fault_file_system.h"
#include "support/vector_cursor.h"
#include "tree/run_cursor.h"
#include "tree/table_store.h"
#include "tree/version.h"

namespace amethyst::compaction {

class RealTree {
 public:
  explicit RealTree(key::Order order = key::Order()) : order_(order) {
    EXPECT_TRUE(memory_->files().CreateDirectories("/db"));
    store_ = std::make_shared<tree::TableStore>(
        std::make_shared<support::FaultEnvironment>(*memory_, files_),
        std::make_shared<cache::MemoryBudget>(size_t{16} << 20, CachePolicy::kScanResistant),
        tree::TableStore::Settings{.directory = "/db", .max_open_files = 1000, .order = order_});
    version_ = std::make_shared<const tree::Version>(order_);
  }

  // A new table of `level` with these entries, sorted. In level 0 it is the newest.
  key::FileNumber Place(key::Level level, const std::vector<support::OwnedEntry>& entries) {
    const key::FileNumber number = NewNumber();
    auto file = store_->Create(number);
    EXPECT_TRUE(file);
    sstable::TableWriter writer(std::move(*file), Options(), 1);
    for (const support::OwnedEntry& entry : entries) EXPECT_TRUE(writer.Add(entry.View()));
    auto info = writer.Finish();
    EXPECT_TRUE(info);
    tree::VersionEdit edit;
    edit.added.push_back({.level = level, .number = number, .info = std::move(*info)});
    Apply(edit);
    return number;
  }

  void Apply(const tree::VersionEdit& edit) {
    const auto make_table = [this](const tree::AddedTable& added) -> tree::TablePtr {
      return std::make_shared<const tree::Table>(store_, added.number, added.info);
    };
    auto next = version_->Apply(edit, make_table);
    ASSERT_TRUE(next) << next.error().ToString();
    version_ = *next;
  }

  [[nodiscard]] MergeSettings Settings(key::Level from, key::Level to,
                                       const std::vector<tree::TablePtr>& inputs) const {
    MergeSettings settings;
    settings.table_options = Options();
    settings.output_level = to;
    settings.version = version_;
    settings.older_from_level = from;
    for (const tree::TablePtr& table : inputs) settings.inputs.push_back(table->number());
    return settings;
  }

  // A merge of these tables; any of them may overlap.
  [[nodiscard]] std::unique_ptr<key::Cursor> CursorOver(const std::vector<tree::TablePtr>& inputs) const {
    std::vector<std::unique_ptr<key::Cursor>> cursors;
    for (const tree::TablePtr& table : inputs) {
      cursors.push_back(tree::NewRunCursor(std::vector<tree::TablePtr>{table}, order_,
                                           {.fill_cache = false, .sequential = true, .upper_bound = {}}));
    }
    return merge::NewMergeCursor(std::move(cursors), order_);
  }

  [[nodiscard]] Result<MergeResult> Merge(const std::vector<tree::TablePtr>& inputs, const MergeSettings& settings) {
    return RunMerge(*store_, [this] { return NewNumber(); }, *CursorOver(inputs), settings, stop_);
  }

  // Every entry of the tree by key, newest first.
  [[nodiscard]] std::vector<support::OwnedEntry> Entries() const {
    std::vector<std::unique_ptr<key::Cursor>> cursors;
    tree::AppendCursors(*version_, {}, &cursors);
    std::vector<support::OwnedEntry> entries;
    if (cursors.empty()) return entries;
    const std::unique_ptr<key::Cursor> cursor = merge::NewMergeCursor(std::move(cursors), order_);
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) entries.push_back(support::Own(cursor->entry()));
    EXPECT_TRUE(cursor->status());
    return entries;
  }
  [[nodiscard]] std::vector<std::string> FileNames() const { return memory_->files().List("/db").value(); }
  [[nodiscard]] key::FileNumber NewNumber() { return key::FileNumber{++last_number_}; }
  [[nodiscard]] sstable::TableOptions Options() const {
    sstable::TableOptions options;
    options.block_bytes = 512;
    options.order = order_;
    return options;
  }

  [[nodiscard]] const tree::Version& version() const { return *version_; }
  [[nodiscard]] tree::TableStore& store() { return *store_; }
  [[nodiscard]] support::FaultFileSystem& files() { return files_; }
  [[nodiscard]] std::atomic<bool>& stop() { return stop_; }
  [[nodiscard]] const key::Order& order() const { return order_; }

 private:
  const key::Order order_;
  std::shared_ptr<io::Environment> memory_ = NewInMemoryEnvironment();
  support::FaultFileSystem files_{memory_->files()};
  std::shared_ptr<tree::TableStore> store_;
  std::shared_ptr<const tree::Version> version_;
  uint64_t last_number_ = 0;
  std::atomic<bool> stop_{false};
};

// What a reader at `snapshot` sees of these entries (by key, newest first).
inline std::map<std::string, std::string> VisibleAt(const std::vector<support::OwnedEntry>& entries,
                                                    key::SequenceNumber snapshot) {
  std::map<std::string, std::string> visible;
  std::optional<std::string_view> decided;
  for (const support::OwnedEntry& entry : entries) {
    if (entry.sequence > snapshot || (decided && *decided == entry.key)) continue;
    decided = entry.key;
    if (entry.kind == key::EntryKind::kPut) visible.emplace(entry.key, entry.value);
  }
  return visible;
}

}  // namespace amethyst::compaction
