#include "engine/flush.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"

namespace amethyst::engine {

Result<compaction::MergeResult> Flusher::WriteTables(const View& view, const WriteBufferPtr& buffer) {
  compaction::MergeResult all;
  for (const key::FamilyId family : buffer->memtable.Families()) {
    const tree::FamilyTree* const tree = view.forest->Find({.id = family});
    if (tree == nullptr) continue;
    Result<compaction::MergeResult> merged = base::Contained([&] { return WriteTable(*tree, buffer); });
    if (!merged) {
      for (const tree::AddedTable& table : all.added) storage_.store->AddObsolete(table.number);
      return std::unexpected(std::move(merged).error());
    }
    std::ranges::move(merged->added, std::back_inserter(all.added));
    all.entries_read += merged->entries_read;
    all.entries_dropped += merged->entries_dropped;
    all.bytes_written += merged->bytes_written;
  }
  return all;
}

Result<compaction::MergeResult> Flusher::WriteTable(const tree::FamilyTree& tree, const WriteBufferPtr& buffer) {
  const compaction::MergeSettings settings{
      .table_options = family_.For(*tree.family).table_options,
      .table_bytes = std::numeric_limits<uint64_t>::max(),
      .output_level = 0,
      .version = tree.version,
      .older_from_level = 0,
      .inputs = {},
      .snapshots = reads_.snapshots->List(),
      .oldest_delete_time_s = buffer->created_s,
      .merge_operator = reads_.merging.merge_operator.get(),
      .expired_ms = ExpiredForAllMs(reads_),
      .begin = {},
      .end = {},
  };
  const std::unique_ptr<key::Cursor> cursor = memtable::Memtable::NewCursor(MemtableOf(buffer), tree.family->id);
  const auto new_file_number = [this] { return storage_.catalog->NewFileNumber(); };
  return compaction::RunMerge(*storage_.store, new_file_number, *cursor, settings, health_.latch.flag());
}

void Flusher::RemoveLog(key::FileNumber first_needed) noexcept {
  base::DoIfPossible([&] {
    const Status removed = storage_.log->RemoveBefore(first_needed);
    if (!removed) health_.Log("a log segment stays until the next open: " + removed.error().message());
  });
}

void Flusher::EndLogIn(tree::VersionEdit* edit) {
  edit->clean_log_end = storage_.log->end_cut();
  edit->first_log_segment = storage_.catalog->NewFileNumber();  // Behind the end, and no file's.
  edit->oldest_delete_s = 0;                                    // Nothing stands in the log any more.
}

void Flusher::RemoveSegments(const std::vector<key::FileNumber>& segments) noexcept {
  base::DoIfPossible([&] {
    for (const key::FileNumber segment : segments) {
      const Status removed = storage_.home->files().Remove(storage_.PathOf(tree::LogFileName(segment)));
      if (!removed) health_.Log("a log segment stays until the next open: " + removed.error().message());
    }
  });
}

Status Flusher::FlushOldest(Writers writers) {
  AMETHYST_TRY(health_.latch.status());
  const ViewPtr view = reads_.view.Acquire();
  AMETHYST_ASSERT(!view->immutable.empty());
  const WriteBufferPtr buffer = view->immutable.back();
  AMETHYST_ASSIGN(compaction::MergeResult merged, WriteTables(*view, buffer));
  AMETHYST_TRY(health_.latch.status());

  const WriteBufferPtr& next = view->immutable.size() > 1 ? view->immutable[view->immutable.size() - 2] : view->active;
  tree::VersionEdit edit;
  edit.added = std::move(merged.added);
  edit.flushed_sequence = buffer->memtable.last_sequence();
  edit.first_log_segment = next->first_log_segment;
  edit.oldest_delete_s = next->DeletesSinceSeconds();
  if (writers == Writers::kGone && view->immutable.size() == 1 && view->active->memtable.Empty()) {
    EndLogIn(&edit);
  }
  AMETHYST_TRY(storage_.Install(std::move(edit), reads_, buffer.get()));
  reads_.statistics.Add(Counter::kFlushes);
  reads_.statistics.Add(Counter::kFlushBytesWritten, merged.bytes_written);
  reads_.statistics.Add(Counter::kEntriesDropped, merged.entries_dropped);
  base::DoIfPossible([&] {
    health_.Log(fmt::format("flushed {} entries, {} bytes to level 0", merged.entries_read, merged.bytes_written));
  });
  if (storage_.log != nullptr) RemoveLog(next->first_log_segment);  // Else recovery removes segments itself.
  return {};
}

Status Flusher::ReleaseLog() {
  if (storage_.catalog->log_is_empty()) return {};  // The last flush has ended it.
  const ViewPtr view = reads_.view.Acquire();
  const key::FileNumber first_needed = view->active->first_log_segment;
  const std::vector<key::FileNumber> segments = storage_.log->segments();
  if (!view->immutable.empty() || segments.empty() || segments.front() >= first_needed) return {};
  tree::VersionEdit edit;
  edit.first_log_segment = first_needed;
  edit.oldest_delete_s = view->active->DeletesSinceSeconds();
  AMETHYST_TRY(storage_.Note(std::move(edit)));
  RemoveLog(first_needed);
  return {};
}

Status Flusher::EndLog() {
  const ViewPtr view = reads_.view.Acquire();
  const bool is_needed = !view->active->memtable.Empty() || !view->immutable.empty();
  const std::vector<key::FileNumber> segments = storage_.log->segments();
  AMETHYST_ASSIGN(const wal::LogCut end,
                  storage_.log->Close(is_needed ? wal::Log::Content::kNeeded : wal::Log::Content::kNotNeeded));
  tree::VersionEdit edit;
  edit.clean_log_end = end;
  edit.last_sequence = key::SequenceNumber{reads_.visible.load(std::memory_order_acquire)};
  if (!is_needed) EndLogIn(&edit);
  const bool is_noted = storage_.catalog->log_is_empty();  // By the last flush.
  const Status noted = is_noted ? Status() : storage_.Note(std::move(edit));
  // Without the note the next open replays the log: nothing is lost on a full disk.
  if (!noted) return ClearsByItself(noted.error()) ? Status() : noted;
  if (!is_needed) RemoveSegments(segments);
  return {};
}

}  // namespace amethyst::engine
