#include "engine/flush.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "compaction/covered.h"
#include "engine/buffer_tables.h"
#include "engine/cursor_list.h"
#include "engine/event_notes.h"
#include "engine/log_files.h"

namespace amethyst::engine {

void Flusher::RemoveLog(key::FileNumber first_needed) noexcept {
  AMETHYST_ASSERT(first_needed <= storage_.catalog->first_log_segment());  // I10
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
  // Behind the end, and no file's; and no delete stands in the log any more.
  catalog::LogFloor{.first_segment = storage_.catalog->NewFileNumber()}.NoteIn(edit);
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
  const key::FileNumber first_log_segment = FloorAfter(*view, 1).first_segment;
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
  const auto new_file_number = [this] { return storage_.catalog->NewFileNumber(); };
  BufferTables tables(storage_, reads_, health_, family_, {.store = *storage_.store, .new_number = new_file_number});
  AMETHYST_ASSIGN(*merged, tables.Write(*view.forest, buffer, &edit));
  AMETHYST_TRY(health_.latch.status());
  if (Status synced = SyncForReaders(); !synced) {
    for (const tree::AddedTable& table : edit.added) storage_.store->AddObsolete(table.number);
    return synced;
  }

  if (buffer->ingested != nullptr) {
    const size_t first = edit.added.size();
    const std::vector<tree::AddedTable>& ingested = buffer->ingested->added();
    AMETHYST_ASSERT(levels.size() <= ingested.size());
    edit.added.insert(edit.added.end(), ingested.begin(), ingested.end());
    for (size_t i = 0; i < levels.size(); ++i) edit.added[first + i].level = levels[i];
  }
  edit.flushed_sequence = buffer->last_sequence();
  AMETHYST_ASSERT(*edit.flushed_sequence >= storage_.catalog->flushed_sequence());  // I12
  for (const tree::AddedTable& table : edit.added) {
    AMETHYST_ASSERT(table.info.largest_sequence <= *edit.flushed_sequence);  // I2: recovery skips what it tells of.
  }
  FloorAfter(view, 1).NoteIn(&edit);
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
  const catalog::LogFloor floor = FloorAfter(*view, 0);
  if (!view->immutable.empty() || !storage_.log->HasBefore(floor.first_segment)) return {};
  AMETHYST_TRY(SyncForReaders());
  tree::VersionEdit edit;
  floor.NoteIn(&edit);
  AMETHYST_TRY(storage_.Note(std::move(edit)));
  RemoveLog(floor.first_segment);
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
