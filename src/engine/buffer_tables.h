// Writes what a memtable holds as tables of level 0, one for each family, and one for what is left of its range
// tombstones: into the database's directory, or into another one. What an ingest has brought is in tables already, and
// is the caller's to add.
//
// Thread safety: one thread at a time. The memtable may be read meanwhile, and not be written.
#pragma once

#include <functional>
#include <vector>

#include "compaction/merge_job.h"
#include "engine/family.h"
#include "engine/health.h"
#include "engine/read_context.h"
#include "engine/storage.h"
#include "engine/view.h"

namespace amethyst::engine {

class BufferTables {
 public:
  struct Target {
    tree::TableStore& store;
    std::function<key::FileNumber()> new_number;
    uint64_t oldest_delete_s = UINT64_MAX;  // No delete in the memtables is older, if they do not know themselves.
  };
  // All of them, and what `to` refers to, outlive it.
  BufferTables(Storage& storage, ReadContext& reads, Health& health, const Family& family, Target to)
      : storage_(storage), reads_(reads), health_(health), family_(family), to_(std::move(to)) {}

  // Adds them to `edit`, synced. A family that `forest`, what the buffer lies above, does not have was dropped: there
  // is nothing of it. On an error the tables are obsolete files of the store.
  [[nodiscard]] Result<compaction::MergeResult> Write(const tree::Forest& forest, const WriteBufferPtr& buffer,
                                                      tree::VersionEdit* edit);

 private:
  [[nodiscard]] Result<compaction::MergeResult> WriteTable(const tree::FamilyTree& tree, const WriteBufferPtr& buffer,
                                                           tree::VersionEdit* edit);
  // Puts what is left of `tombstones`, all that the family has once `added` is there, in the place of those it has.
  [[nodiscard]] Status ReplaceTombstones(const tree::FamilyTree& tree, const WriteBuffer& buffer,
                                         const key::RangeTombstones& tombstones,
                                         const std::vector<tree::AddedTable>& added, tree::VersionEdit* edit);

  Storage& storage_;
  ReadContext& reads_;
  Health& health_;
  const Family& family_;
  const Target to_;
};

}  // namespace amethyst::engine
