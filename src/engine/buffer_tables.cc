#include "engine/buffer_tables.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "base/containment.h"
#include "compaction/covered.h"
#include "tree/tombstone_table.h"

namespace amethyst::engine {

namespace {

// All range tombstones of a family: those of the buffer and those that it has in a table; nullptr: there are none.
std::shared_ptr<const key::RangeTombstones> TombstonesOf(const tree::FamilyTree& tree, const WriteBuffer& buffer,
                                                         const std::vector<key::SequenceNumber>& snapshots) {
  const memtable::RangeDeletes* const deletes = buffer.memtable.RangeDeletesOf(tree.family->id);
  const std::shared_ptr<const key::RangeTombstones>& before = tree.version->tombstones();
  if (deletes == nullptr) return before;
  std::vector<key::RangeTombstone> all;
  if (before != nullptr) before->AppendTo(&all);
  deletes->AppendTo(&all);
  auto tombstones = std::make_shared<key::RangeTombstones>(all, tree.version->order(), snapshots);
  tombstones->KeepKeys();
  return tombstones->empty() ? before : tombstones;
}

}  // namespace

Result<compaction::MergeResult> BufferTables::Write(const tree::Forest& forest, const WriteBufferPtr& buffer,
                                                    tree::VersionEdit* edit) {
  compaction::MergeResult all;
  for (const key::FamilyId family : buffer->memtable.Families()) {
    const tree::FamilyTree* const tree = forest.Find({.id = family});
    if (tree == nullptr) continue;
    Result<compaction::MergeResult> merged = base::Contained([&] { return WriteTable(*tree, buffer, edit); });
    if (!merged) {
      for (const tree::AddedTable& table : edit->added) to_.store.AddObsolete(table.number);
      return std::unexpected(std::move(merged).error());
    }
    all.entries_read += merged->entries_read;
    all.entries_dropped += merged->entries_dropped;
    all.bytes_written += merged->bytes_written;
    reads_.dead.ForgetBefore(merged->made_oldest);  // Before anybody reads the table.
  }
  return all;
}

Result<compaction::MergeResult> BufferTables::WriteTable(const tree::FamilyTree& tree, const WriteBufferPtr& buffer,
                                                         tree::VersionEdit* edit) {
  compaction::MergeSettings settings{
      .table_options = family_.For(*tree.family).table_options,
      .table_bytes = std::numeric_limits<uint64_t>::max(),
      .output_level = 0,
      .version = tree.version,
      .older_from_level = 0,
      .inputs = {},
      .snapshots = reads_.snapshots->List(),
      .oldest_delete_time_s = std::min(buffer->created_s, to_.oldest_delete_s),
      .merge_operator = MergingOf(reads_, *tree.family).merge_operator.get(),
      .expired_ms = ExpiredForAllMs(reads_),
      .begin = {},
      .end = {},
  };
  if (storage_.limiter != nullptr && storage_.limiter->IsSet()) {  // nullptr while recovery flushes.
    settings.pace = [this](uint64_t bytes) {
      return storage_.limiter->Take(bytes, Limiter::Work::kUrgent, [this] { return health_.latch.status(); });
    };
  }
  settings.tombstones = TombstonesOf(tree, *buffer, settings.snapshots);
  settings.table_options.clean_through = compaction::CleanThrough(settings.tombstones.get(), settings.snapshots);
  if (family_.For(*tree.family).compaction_filter != nullptr) {
    settings.table_options.written_s = storage_.delete_clock->Seconds();
  }
  const std::unique_ptr<key::Cursor> cursor = memtable::Memtable::NewCursor(MemtableOf(buffer), tree.family->id);
  AMETHYST_ASSIGN(compaction::MergeResult merged,
                  compaction::RunMerge(to_.store, to_.new_number, *cursor, settings, health_.latch.flag()));
  std::vector<tree::AddedTable> added = std::exchange(merged.added, {});
  edit->added.insert(edit->added.end(), added.begin(), added.end());
  if (settings.tombstones != nullptr) {
    if (buffer->ingested != nullptr) {  // Which the same edit adds.
      std::ranges::copy_if(buffer->ingested->added(), std::back_inserter(added),
                           [&](const tree::AddedTable& table) { return table.family == tree.family->id; });
    }
    AMETHYST_TRY(ReplaceTombstones(tree, *buffer, *settings.tombstones, added, edit));
  }
  return merged;
}

Status BufferTables::ReplaceTombstones(const tree::FamilyTree& tree, const WriteBuffer& buffer,
                                       const key::RangeTombstones& tombstones,
                                       const std::vector<tree::AddedTable>& added, tree::VersionEdit* edit) {
  const bool has_new = tree.version->tombstones().get() != &tombstones;
  if (!has_new && compaction::IsNeeded(tombstones, *tree.version)) return {};
  auto needed = std::make_shared<key::RangeTombstones>(compaction::StillNeeded(tombstones, *tree.version, added));
  const tree::TablePtr& before = tree.version->tombstone_table();
  if (before != nullptr) edit->removed.push_back({.level = 0, .number = before->number(), .family = tree.family->id});
  if (needed->empty()) return {};
  const key::FileNumber number = to_.new_number();
  const uint64_t oldest_s = std::min(
      {buffer.created_s, to_.oldest_delete_s, before == nullptr ? UINT64_MAX : before->info().oldest_delete_time_s});
  Result<tree::AddedTable> table =
      tree::WriteTombstoneTable(to_.store, number, family_.For(*tree.family).table_options, needed, oldest_s);
  if (!table) {
    to_.store.AddObsolete(number);
    return std::unexpected(std::move(table).error());
  }
  edit->added.push_back(*std::move(table));
  return {};
}

}  // namespace amethyst::engine
