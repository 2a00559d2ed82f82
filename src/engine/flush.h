// Writes the oldest immutable memtable to tables of level 0, one for each family that it holds entries of, lets the
// manifest know, and lets go of the log.
//
// All its tables come with one edit, which also says where the log begins from then on. So a batch over several
// families is in tables as a whole or not at all, and no family that is seldom written holds the log. Thread safety:
// one flush at a time; ReleaseLog beside it; EndLog alone.
#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "compaction/merge_job.h"
#include "engine/family.h"
#include "engine/health.h"
#include "engine/read_context.h"
#include "engine/storage.h"

namespace amethyst::engine {

enum class Writers : uint8_t { kMayCome, kGone };

class Flusher {
 public:
  // All of them outlive it.
  Flusher(Storage& storage, ReadContext& reads, Health& health, const Family& family)
      : storage_(storage), reads_(reads), health_(health), family_(family) {}

  // There must be an immutable memtable. After an OK it is out of the view, and log segments that nobody needs any more
  // are gone. On an error that clears by itself everything is as it was. Ends (kClosed) when an error is latched. If no
  // writer comes any more and nothing else is in memory, the same edit ends the log.
  // `levels`: where the tables go that an ingest has brought, if it is them; level 0 for those it does not name.
  [[nodiscard]] Status FlushOldest(Writers writers = Writers::kMayCome, std::span<const key::Level> levels = {});

  // After a compaction range tombstones may have nothing left to hide: any thread says so, and the thread that flushes
  // lets go of those of families in which it is so.
  void NoteCompaction();
  [[nodiscard]] bool SweepIsDue() const { return sweep_is_due_.load(std::memory_order_acquire); }
  [[nodiscard]] Status DropSpentTombstones();

  // Removes the log segments in front of the active memtable's first, if no memtable waits for flush: else its flush
  // does so.
  [[nodiscard]] Status ReleaseLog();

  // Closes the log and notes its end, so that the next open knows that nothing is missing. Where tables hold all of it,
  // as they do unless the disk was full, it ends before the first segment that will be needed, and its files go.
  [[nodiscard]] Status EndLog();

 private:
  [[nodiscard]] Status FlushBuffer(const View& view, Writers writers, std::span<const key::Level> levels,
                                   compaction::MergeResult* merged);
  // Shows what the flush has made, and tells of it.
  [[nodiscard]] Status Install(tree::VersionEdit edit, const View& view, const compaction::MergeResult& merged);
  [[nodiscard]] Status SyncForReaders();
  // What the manifest has noted is done: whatever stays is left to the next open.
  void RemoveLog(key::FileNumber first_needed) noexcept;
  // As RemoveLog, of a log that is closed.
  void RemoveSegments(const std::vector<key::FileNumber>& segments) noexcept;
  // Makes `edit` say that the log ends where it does now, cleanly, and that no segment of it is needed.
  void EndLogIn(tree::VersionEdit* edit);

  Storage& storage_;
  ReadContext& reads_;
  Health& health_;
  const Family& family_;
  std::atomic<bool> sweep_is_due_{false};
};

}  // namespace amethyst::engine
