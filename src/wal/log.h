// The write-ahead log of one open database: a chain of preallocated, mapped segments that is appended to under the
// commit lock and synced by groups.
//
// A segment is file NNNNNN.wal. Records never span segments (a record larger than a segment gets one of its own size). Every
// record carries how far the log is known durable, so that recovery (log_recovery.h) tells a torn tail from damage. The first
// failed store or sync is LATCHED: from then on nothing is appended or synced, and every call returns that error; running out of
// space is not latched, for it shows only when a segment is allocated, before anything is acknowledged.
//
// Thread safety: Append and Seal by the commit lock's holder; Sync and the rest from any thread.
// Lock rank: the log's own lock is below the commit lock, above nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/hash.h"
#include "io/environment.h"
#include "key/types.h"
#include "wal/log_recovery.h"

namespace amethyst::wal {

// A place in the log, ordered.
struct LogPosition {
  key::FileNumber segment{};
  uint64_t offset = 0;
  friend auto operator<=>(const LogPosition&, const LogPosition&) = default;
};

struct LogSettings {
  std::string directory;
  base::Uid database_uid;
  uint64_t segment_bytes = uint64_t{64} << 20;
  size_t group_commit_bytes = size_t{1} << 20;
  uint32_t group_commit_delay_us = 0;
  std::function<key::FileNumber()> new_file_number;  // Never gives a number twice, over all opens.
};

struct LogStats {
  uint64_t bytes_appended = 0;
  uint64_t records = 0;
  uint64_t syncs = 0;
  uint64_t syncs_shared = 0;  // Sync calls that were served by another's flush.
};

class Log {
 public:
  // Starts a log behind what recovery found (`cut`), with a first new segment whose header records the cut, synced together
  // with its directory entry. Every replayed segment must have been synced before (LogRecovery does so).
  [[nodiscard]] static Result<std::unique_ptr<Log>> Create(io::Environment& environment, io::Executor& executor,
                                                           LogSettings settings, const LogCut& cut);
  ~Log();  // Closes without syncing.

  // Appends one record of `count` entries, encoded as WriteBatch::Representation, the first of which gets sequence `first`. What it
  // returns is where the record ends. On kNoSpace nothing was appended and nothing is latched.
  [[nodiscard]] Result<LogPosition> Append(key::SequenceNumber first, uint32_t count, std::string_view payload);

  // Returns once everything up to `position` survives power loss. Callers share flushes (group commit): one of them leads,
  // waits up to group_commit_delay_us for group_commit_bytes of company, and flushes for all that is appended by then.
  [[nodiscard]] Status Sync(LogPosition position);
  // Up to the end of what is appended now.
  [[nodiscard]] Status SyncAll();
  // What the periodic job calls every sync interval: syncs if anything is unsynced, and appends a watermark record if a sync has
  // completed since the last record (`under_commit_lock` runs its argument under the commit lock).
  [[nodiscard]] Status Tick(const std::function<void(const std::function<void()>&)>& under_commit_lock);

  [[nodiscard]] LogPosition end() const;
  [[nodiscard]] LogPosition durable_end() const;
  // The segment that the next record goes to, and all live segments, oldest first.
  [[nodiscard]] key::FileNumber current_segment() const;
  [[nodiscard]] std::vector<key::FileNumber> segments() const;
  // Deletes segments before `first_needed`; to be called once the manifest says that they are not needed.
  [[nodiscard]] Status RemoveBefore(key::FileNumber first_needed);

  // Syncs (unless an error is latched), trims the current segment to its end and closes every descriptor. Returns the log's end,
  // for the manifest.
  [[nodiscard]] Result<LogPosition> Close();

  // The latched error, if any.
  [[nodiscard]] Status health() const;
  [[nodiscard]] LogStats stats() const;
};

}  // namespace amethyst::wal
