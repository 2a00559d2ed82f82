#include "engine/flush.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "compaction/covered.h"
#include "engine/cursor_list.h"
#include "engine/event_notes.h"
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

// The memtable that was begun when the oldest was full.
const WriteBufferPtr& NextOf(const View& view) {
  return view.immutable.size() > 1 ? view.immutable[view.immutable.size() - 2] : view.active;
}

}  // namespace

Result<compaction::MergeResult> Flusher::WriteTables(const View& view, const WriteBufferPtr& buffer,
                                                     tree::VersionEdit* edit) {
  compaction::MergeResult all;
  for (const key::FamilyId family : buffer->memtable.Families()) {
    const tree::FamilyTree* const tree = view.forest->Find({.id = family});
    if (tree == nullptr) continue;
    Result<compaction::MergeResult> merged = base::Contained([&] { return WriteTable(*tree, buffer, edit); });
    if (!merged) {
      for (const tree::AddedTable& table : edit->added) storage_.store->AddObsolete(table.number);
      return std::unexpected(std::move(merged).error());
    }
    all.entries_read += merged->entries_read;
    all.entries_dropped += merged->entries_dropped;
    all.bytes_written += merged->bytes_written;
    reads_.dead.ForgetBefore(merged->made_oldest);  // Before anybody reads the table.
  }
  return all;
}

Result<compaction::MergeResult> Flusher::WriteTable(const tree::FamilyTree& tree, const WriteBufferPtr& buffer,
                                                    tree::VersionEdit* edit) {
  compaction::MergeSettings settings{
      .table_options = family_.For(*tree.family).table_options,
      .table_bytes = std::numeric_limits<uint64_t>::max(),
      .output_level = 0,
      .version = tree.version,
      .older_from_level = 0,
      .inputs = {},
      .snapshots = reads_.snapshots->List(),
      .oldest_delete_time_s = buffer->created_s,
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
  const auto new_file_number = [this] { return storage_.catalog->NewFileNumber(); };
  AMETHYST_ASSIGN(compaction::MergeResult merged,
                  compaction::RunMerge(*storage_.store, new_file_number, *cursor, settings, health_.latch.flag()));
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

Status Flusher::ReplaceTombstones(const tree::FamilyTree& tree, const WriteBuffer& buffer,
                                  const key::RangeTombstones& tombstones, const std::vector<tree::AddedTable>& added,
                                  tree::VersionEdit* edit) {
  const bool has_new = tree.version->tombstones().get() != &tombstones;
  if (!has_new && compaction::IsNeeded(tombstones, *tree.version)) return {};
  auto needed = std::make_shared<key::RangeTombstones>(compaction::StillNeeded(tombstones, *tree.version, added));
  const tree::TablePtr& before = tree.version->tombstone_table();
  if (before != nullptr) edit->removed.push_back({.level = 0, .number = before->number(), .family = tree.family->id});
  if (needed->empty()) return {};
  const key::FileNumber number = storage_.catalog->NewFileNumber();
  const uint64_t oldest_s =
      before == nullptr ? buffer.created_s : std::min(buffer.created_s, before->info().oldest_delete_time_s);
  Result<tree::AddedTable> table =
      tree::WriteTombstoneTable(*storage_.store, number, family_.For(*tree.family).table_options, needed, oldest_s);
  if (!table) {
    storage_.store->AddObsolete(number);
    return std::unexpected(std::move(table).error());
  }
  edit->added.push_back(*std::move(table));
  return {};
}

void Flusher::RemoveLog(key::FileNumber first_needed) noexcept {
  base::DoIfPossible([&] {
    const Status removed = storage_.log->RemoveBefore(first_needed);
    if (!removed) health_.Log("a log segment stays until the next open: " + removed.error().message());
    const Status noted = storage_.cursors->Note();
    if (!noted) health_.Log("cursors are not noted: " + noted.error().message());
  });
}

// Tables that are durable hold nothing that the log could still lose: else a reader of the log would never learn of it.
Status Flusher::SyncForReaders() {
  if (storage_.log == nullptr || !storage_.cursors->IsInUse()) return {};
  return storage_.log->SyncAll();
}

void Flusher::EndLogIn(tree::VersionEdit* edit) {
  edit->clean_log_end = storage_.log->end_cut();
  edit->first_log_segment = storage_.catalog->NewFileNumber();  // Behind the end, and no file's.
  edit->oldest_delete_s = 0;                                    // Nothing stands in the log any more.
}

void Flusher::RemoveSegments(const std::vector<key::FileNumber>& segments) noexcept {
  base::DoIfPossible([&] {
    for (const key::FileNumber segment : segments) {
      const Status removed = storage_.Remove(tree::LogFileName(segment));
      if (!removed) health_.Log("a log segment stays until the next open: " + removed.error().message());
    }
  });
}

Status Flusher::FlushOldest(Writers writers, std::span<const key::Level> levels) {
  AMETHYST_TRY(health_.latch.status());
  ViewPtr view = reads_.view.Acquire();
  AMETHYST_ASSERT(!view->immutable.empty());
  const uint64_t bytes = view->immutable.back()->memtable.raw_bytes();
  const key::FileNumber first_log_segment = NextOf(*view)->first_log_segment;
  health_.events.Tell([&] { return Event{.kind = EventKind::kFlushBegin, .bytes_read = bytes}; });
  compaction::MergeResult merged;
  const Status flushed = base::Contained([&] { return FlushBuffer(*view, writers, levels, &merged); });
  view = {};  // Which keeps the memtable, whose room writers already fill again.
  if (!flushed) {
    health_.events.Tell([&] {
      const Error& error = flushed.error();
      return Event{.kind = EventKind::kFlushEnd, .text = error.message(), .error = error.code(), .bytes_read = bytes};
    });
    return flushed;
  }
  reads_.statistics.Add(Counter::kFlushes);
  reads_.statistics.Add(Counter::kFlushBytesWritten, merged.bytes_written);
  reads_.statistics.Add(Counter::kEntriesDropped, merged.entries_dropped);
  base::DoIfPossible([&] {
    health_.Log(fmt::format("flushed {} entries, {} bytes to level 0", merged.entries_read, merged.bytes_written));
  });
  if (storage_.log != nullptr) RemoveLog(first_log_segment);  // Else recovery removes segments itself.
  storage_.cursors->readers()->Wake();                        // Of what went past the log.
  return {};
}

Status Flusher::FlushBuffer(const View& view, Writers writers, std::span<const key::Level> levels,
                            compaction::MergeResult* merged) {
  const WriteBufferPtr buffer = view.immutable.back();
  tree::VersionEdit edit;
  AMETHYST_ASSIGN(*merged, WriteTables(view, buffer, &edit));
  AMETHYST_TRY(health_.latch.status());
  if (Status synced = SyncForReaders(); !synced) {
    for (const tree::AddedTable& table : edit.added) storage_.store->AddObsolete(table.number);
    return synced;
  }

  const WriteBufferPtr& next = NextOf(view);
  if (buffer->ingested != nullptr) {
    const size_t first = edit.added.size();
    const std::vector<tree::AddedTable>& ingested = buffer->ingested->added();
    edit.added.insert(edit.added.end(), ingested.begin(), ingested.end());
    for (size_t i = 0; i < levels.size(); ++i) edit.added[first + i].level = levels[i];
  }
  edit.flushed_sequence = buffer->last_sequence();
  edit.first_log_segment = next->first_log_segment;
  edit.oldest_delete_s = next->DeletesSinceSeconds();
  edit.applied = buffer->applied;
  if (writers == Writers::kGone && view.immutable.size() == 1 && view.active->memtable.Empty()) {
    EndLogIn(&edit);
  }
  return Install(std::move(edit), view, *merged);
}

Status Flusher::Install(tree::VersionEdit edit, const View& view, const compaction::MergeResult& merged) {
  const WriteBuffer& buffer = *view.immutable.back();
  Events& events = health_.events;
  const bool is_heard = events.IsHeard();
  const std::vector<tree::AddedTable> added = is_heard ? edit.added : std::vector<tree::AddedTable>();
  const bool is_durable = is_heard && edit.applied && edit.applied != storage_.catalog->applied();
  return storage_.Install(std::move(edit), reads_, &buffer, [&] {
    TellTablesMade(events, *view.forest, added);
    events.Tell([&] {
      return Event{.kind = EventKind::kFlushEnd,
                   .entries = merged.entries_read,
                   .bytes_read = buffer.memtable.raw_bytes(),
                   .bytes_written = merged.bytes_written};
    });
    if (is_durable) TellDurable(events, buffer.applied->index);
  });
}

void Flusher::NoteCompaction() {
  const ViewPtr view = reads_.view.Acquire();
  const auto has_some = [](const tree::FamilyTree& tree) { return tree.version->tombstones() != nullptr; };
  if (std::ranges::any_of(view->forest->families(), has_some)) sweep_is_due_.store(true, std::memory_order_release);
}

Status Flusher::DropSpentTombstones() {
  sweep_is_due_.store(false, std::memory_order_release);
  AMETHYST_TRY(health_.latch.status());
  const ViewPtr view = reads_.view.Acquire();
  tree::VersionEdit edit;
  for (const tree::FamilyTree& tree : view->forest->families()) {
    const auto& tombstones = tree.version->tombstones();
    if (tombstones == nullptr || compaction::IsNeeded(*tombstones, *tree.version)) continue;
    edit.removed.push_back(
        {.level = 0, .number = tree.version->tombstone_table()->number(), .family = tree.family->id});
  }
  return edit.removed.empty() ? Status() : storage_.Install(std::move(edit), reads_, nullptr);
}

Status Flusher::ReleaseLog() {
  if (storage_.catalog->LogIsEmptyFrom(storage_.log->end())) return {};  // The last flush has ended it.
  const ViewPtr view = reads_.view.Acquire();
  const key::FileNumber first_needed = view->active->first_log_segment;
  if (!view->immutable.empty() || !storage_.log->HasBefore(first_needed)) return {};
  AMETHYST_TRY(SyncForReaders());
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
  std::vector<key::FileNumber> segments = storage_.log->segments();
  tree::VersionEdit edit;
  storage_.cursors->End(&edit.cursors);
  const std::optional<key::FileNumber> held = storage_.cursors->FirstNeeded();
  const bool is_read = held && !segments.empty() && segments.back() >= *held;
  AMETHYST_ASSIGN(const wal::LogCut end, storage_.log->Close(is_needed || is_read ? wal::Log::Content::kNeeded
                                                                                  : wal::Log::Content::kNotNeeded));
  edit.clean_log_end = end;
  edit.last_sequence = key::SequenceNumber{reads_.visible.load(std::memory_order_acquire)};
  if (!is_needed) EndLogIn(&edit);
  // By the last flush, or by an earlier life after which nothing was written.
  const bool is_noted = storage_.catalog->LogIsEmptyFrom(end.position()) && edit.cursors.empty();
  const Status noted = is_noted ? Status() : storage_.Note(std::move(edit));
  // Without the note the next open replays the log: nothing is lost on a full disk.
  if (!noted) return ClearsByItself(noted.error()) ? Status() : noted;
  if (held) std::erase_if(segments, [&](key::FileNumber segment) { return segment >= *held; });
  if (!is_needed) RemoveSegments(segments);
  return {};
}

}  // namespace amethyst::engine
