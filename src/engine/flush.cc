#include "engine/flush.h"

#include <limits>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "compaction/merge_job.h"

namespace amethyst::engine {

namespace {

Result<compaction::MergeResult> WriteTable(Core& core, const View& view, const WriteBufferPtr& buffer) {
  const compaction::MergeSettings settings{
      .table_options = core.TableOptionsOfDatabase(),
      .table_bytes = std::numeric_limits<uint64_t>::max(),
      .output_level = 0,
      .version = view.version,
      .older_from_level = 0,
      .inputs = {},
      .snapshots = core.snapshots->List(),
      .oldest_delete_time_s = buffer->created_s,
      .begin = {},
      .end = {},
  };
  const std::unique_ptr<key::Cursor> cursor = memtable::Memtable::NewCursor(MemtableOf(buffer));
  const auto new_file_number = [&core] { return core.tree->NewFileNumber(); };
  return compaction::RunMerge(*core.store, new_file_number, *cursor, settings, core.latch.flag());
}

// What the manifest has noted is done: whatever stays is left to the next open.
void RemoveLog(Core& core, key::FileNumber first_needed) noexcept {
  base::DoIfPossible([&] {
    const Status removed = core.log->RemoveBefore(first_needed);
    if (!removed) core.Log("a log segment stays until the next open: " + removed.error().message());
  });
}

// Makes `edit` say that the log ends where it does now, cleanly, and that no segment of it is needed.
void EndLogIn(Core& core, tree::VersionEdit* edit) {
  edit->clean_log_end = core.log->end_cut();
  edit->first_log_segment = core.tree->NewFileNumber();  // Behind the end, and no file's.
  edit->oldest_delete_s = 0;                             // Nothing stands in the log any more.
}

// As RemoveLog, of a log that is closed.
void RemoveSegments(const Core& core, const std::vector<key::FileNumber>& segments) noexcept {
  base::DoIfPossible([&] {
    for (const key::FileNumber segment : segments) {
      const std::string path = io::JoinPath(core.directory, tree::LogFileName(segment));
      const Status removed = core.home->files().Remove(path);
      if (!removed) core.Log("a log segment stays until the next open: " + removed.error().message());
    }
  });
}

}  // namespace

Status FlushOldest(Core& core, Writers writers) {
  AMETHYST_TRY(core.latch.status());
  const ViewPtr view = core.view->Acquire();
  AMETHYST_ASSERT(!view->immutable.empty());
  const WriteBufferPtr buffer = view->immutable.back();
  AMETHYST_ASSIGN(compaction::MergeResult merged, WriteTable(core, *view, buffer));
  AMETHYST_TRY(core.latch.status());

  const WriteBufferPtr& next = view->immutable.size() > 1 ? view->immutable[view->immutable.size() - 2] : view->active;
  tree::VersionEdit edit;
  edit.added = std::move(merged.added);
  edit.flushed_sequence = buffer->memtable.last_sequence();
  edit.first_log_segment = next->first_log_segment;
  edit.oldest_delete_s = next->DeletesSinceSeconds();
  edit.delete_time = core.delete_clock->Mark();
  if (writers == Writers::kGone && view->immutable.size() == 1 && view->active->memtable.Empty()) {
    EndLogIn(core, &edit);
  }
  ViewPtr old;
  std::shared_ptr<View> blank = BlankView(*view);
  AMETHYST_TRY(core.tree->Apply(std::move(edit), [&](std::shared_ptr<const tree::Version> version) {
    old = core.view->Update([&](const View& current) {
      AMETHYST_ASSERT(current.immutable.back() == buffer);
      auto changed = WithVersion(current, std::move(version), std::move(blank));
      changed->immutable.pop_back();
      return changed;
    });
  }));
  RetireLargeView(std::move(old));
  core.statistics.Add(Counter::kFlushes);
  core.statistics.Add(Counter::kFlushBytesWritten, merged.bytes_written);
  core.statistics.Add(Counter::kEntriesDropped, merged.entries_dropped);
  base::DoIfPossible([&] {
    core.Log(fmt::format("flushed {} entries, {} bytes to level 0", merged.entries_read, merged.bytes_written));
  });
  if (core.log != nullptr) RemoveLog(core, next->first_log_segment);  // Else recovery removes segments itself.
  return {};
}

Status ReleaseLog(Core& core) {
  if (core.tree->log_is_empty()) return {};  // The last flush has ended it.
  const ViewPtr view = core.view->Acquire();
  const key::FileNumber first_needed = view->active->first_log_segment;
  const std::vector<key::FileNumber> segments = core.log->segments();
  if (!view->immutable.empty() || segments.empty() || segments.front() >= first_needed) return {};
  tree::VersionEdit edit;
  edit.first_log_segment = first_needed;
  edit.oldest_delete_s = view->active->DeletesSinceSeconds();
  edit.delete_time = core.delete_clock->Mark();
  AMETHYST_TRY(core.tree->Apply(std::move(edit), [](const auto&) {}));
  RemoveLog(core, first_needed);
  return {};
}

Status EndLog(Core& core) {
  const ViewPtr view = core.view->Acquire();
  const bool is_needed = !view->active->memtable.Empty() || !view->immutable.empty();
  const std::vector<key::FileNumber> segments = core.log->segments();
  AMETHYST_ASSIGN(const wal::LogCut end,
                  core.log->Close(is_needed ? wal::Log::Content::kNeeded : wal::Log::Content::kNotNeeded));
  tree::VersionEdit edit;
  edit.clean_log_end = end;
  edit.delete_time = core.delete_clock->Mark();
  edit.last_sequence = key::SequenceNumber{core.visible.load(std::memory_order_acquire)};
  if (!is_needed) EndLogIn(core, &edit);
  const bool is_noted = core.tree->log_is_empty();  // By the last flush.
  const Status noted = is_noted ? Status() : core.tree->Apply(std::move(edit), [](const auto&) {});
  // Without the note the next open replays the log: nothing is lost on a full disk.
  if (!noted) return ClearsByItself(noted.error()) ? Status() : noted;
  if (!is_needed) RemoveSegments(core, segments);
  return {};
}

}  // namespace amethyst::engine
