// The write-ahead log of one open database: a chain of preallocated, mapped segments that is appended to under the
// commit lock and synced by groups.
//
// A segment is file NNNNNN.wal (log_format.h). Records never span segments (a record larger than a segment gets one of
// its own size). Every record carries how far the log is known durable, so that recovery (log_recovery.h) tells a torn
// tail from damage. The first failed store or sync is LATCHED: from then on nothing is appended or synced, and every
// call returns that error. Running out of space, descriptors or memory before a sync is not latched, for it shows
// before anything is acknowledged: after a store that failed so the next record begins a segment, whose header ends the
// log before what may be there of the failed one.
//
// Invariants: durable_end() <= end(); a segment is synced before the first sync of a later one completes; a fsync is
// never called again after it failed; one thread at a time flushes.
//
// Thread safety: Append by the commit lock's holder; Sync and the rest from any thread; Close when nobody else calls
// any more. No I/O happens under the log's own lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/changeable.h"
#include "base/containment.h"
#include "base/hash.h"
#include "base/mutex.h"
#include "io/environment.h"
#include "key/types.h"
#include "wal/batch_encoding.h"
#include "wal/log_extent.h"
#include "wal/log_format.h"
#include "wal/log_position.h"
#include "wal/log_readers.h"
#include "wal/log_recovery.h"
#include "wal/segment_supply.h"

namespace amethyst::wal {

struct LogSettings {
  std::string directory;
  base::Uid database_uid;
  uint64_t segment_bytes = uint64_t{64} << 20;
  size_t group_commit_bytes = size_t{1} << 20;
  uint32_t group_commit_delay_us = 0;
  std::function<key::FileNumber()>
      new_file_number;  // Never gives a number twice, over all opens, and ever greater ones. Any thread.
  // Whether nothing but the log has failed so far: after an error no segment is made ahead. Any thread.
  std::function<bool()> may_write = [] { return true; };
  // Closes files that can be opened again, when the log finds no descriptor left. Any thread.
  std::function<void()> free_descriptors = [] {};
  // As in SegmentSupply::Settings.
  std::function<uint64_t()> room_bytes = [] { return std::numeric_limits<uint64_t>::max(); };
  std::function<bool(const std::function<void()>&)> spend_reserve = [](const auto&) { return false; };
  // LogRecoveryReport::replayed_segments: they live on, and go with RemoveBefore.
  std::vector<key::FileNumber> replayed_segments;
  // Older ones that only readers need, ascending, each continued by the next and the last by the first replayed one, or
  // by the cut: they go with RemoveBefore, too.
  std::vector<key::FileNumber> kept_segments{};
  // Set where nothing was replayed, cut or kept: then the first segment is made by the first Append, and what only a
  // sync needs waits for the first one. That makes the segment's name durable, and calls this with its number, so that
  // the manifest tells where the log begins before anything counts as durable. An error that clears by itself is passed
  // over until the next sync; another one fails the sync. Under the commit lock or none.
  std::function<Status(key::FileNumber)> announce = nullptr;
  // Removes a segment's file, or has it wait for those who still read it.
  std::function<Status(key::FileNumber)> remove = nullptr;
  // What readers hold, and how they are woken: by each completed sync, and by the first error. Not null.
  std::shared_ptr<LogReaders> readers = std::make_shared<LogReaders>();
};

struct LogStats {
  uint64_t bytes_appended = 0;
  uint64_t records = 0;
  uint64_t syncs = 0;
  uint64_t syncs_shared = 0;  // Sync calls that were served by another's flush.
};

class Log final : public LogExtent {
 public:
  // Starts a log behind what recovery found (`cut`), with a first new segment whose header records the cut. Its
  // directory entry is durable; its header, too, where anything was replayed, and so may have been cut. Every replayed
  // segment must have been synced before (RecoverLog does so). Where there is no space or memory for a segment, or
  // nobody needs one yet (LogSettings::announce), the log is there all the same: the first Append that finds it begins
  // one.
  [[nodiscard]] static Result<std::unique_ptr<Log>> Create(io::Environment& environment, io::Executor& executor,
                                                           LogSettings settings, const LogCut& cut);
  ~Log() override;  // Closes without syncing.

  // Appends one record of `count` entries (at least one), encoded as WriteBatch::Representation, the first of which
  // gets sequence `first`. What it returns is where the record ends. On kNoSpace and kOutOfMemory nothing was appended
  // and nothing is latched.
  [[nodiscard]] Result<LogPosition> Append(key::SequenceNumber first, uint32_t count, std::string_view payload) {
    return Append(first, count, payload, base::Hash64(payload));
  }
  // The same with base::Hash64(payload) at hand: a large batch is hashed before the commit lock is taken.
  [[nodiscard]] Result<LogPosition> Append(key::SequenceNumber first, uint32_t count, std::string_view payload,
                                           uint64_t payload_hash);

  // Appends one record that tells of families (wal/family_change.h), without entries, in a segment that may hold such.
  // As Append otherwise.
  [[nodiscard]] Result<LogPosition> AppendFamilyChange(std::string_view payload);
  // The same of tables that were taken in (ingest/ingest_record.h), which use `count` sequence numbers from `first` on.
  // kInvalidArgument: the payload is too large.
  [[nodiscard]] Result<LogPosition> AppendIngest(key::SequenceNumber first, uint32_t count, std::string_view payload);

  // Begins a new segment, so that the one so far can go as soon as the tables hold what is in it; none if that has no
  // record yet. As Append otherwise.
  [[nodiscard]] Status BeginSegment();

  // Returns once everything up to `position` survives power loss. Callers share flushes (group commit): one of them
  // leads, waits up to group_commit_delay_us for group_commit_bytes of company, and flushes for all that is appended by
  // then.
  [[nodiscard]] Status Sync(LogPosition position);
  // Up to the end of what is appended now. Does not count as a sync by a writer, for whom segments are filled with
  // zeros ahead.
  [[nodiscard]] Status SyncAll();
  // From the next flush on.
  void SetGroupCommit(size_t bytes, uint32_t delay_us) {
    group_commit_.bytes = bytes;
    group_commit_.delay_us = delay_us;
  }
  // What the periodic job calls every sync interval: syncs if any batch is unsynced, and appends a watermark record if
  // a sync has completed since the last record (`under_commit_lock` runs its argument under the commit lock).
  [[nodiscard]] Status Tick(const std::function<void(const std::function<void()>&)>& under_commit_lock);

  // Nothing is left for Tick to do. Under the commit lock.
  [[nodiscard]] bool IsAtRest() const;

  [[nodiscard]] LogPosition end() const override;
  [[nodiscard]] std::optional<LogCut> BeginOfUnstarted() const override;
  // For a manifest that is to say so, when nobody appends any more; or under the commit lock.
  [[nodiscard]] LogCut end_cut() const;
  [[nodiscard]] LogPosition durable_end() const;
  // Of the last record before it.
  [[nodiscard]] key::SequenceNumber durable_sequence() const;
  // The segment that the next record goes to (its directory entry is durable), and all live segments, oldest first.
  [[nodiscard]] key::FileNumber current_segment() const;
  [[nodiscard]] std::vector<key::FileNumber> segments() const;
  [[nodiscard]] Result<std::optional<key::FileNumber>> SegmentBehind(key::FileNumber number) const override;
  [[nodiscard]] Result<bool> Has(key::FileNumber segment) const override;
  // Deletes segments before `first_needed`; to be called once the manifest says that they are not needed. The current
  // one stays, and what readers hold.
  [[nodiscard]] Status RemoveBefore(key::FileNumber first_needed);
  // The same for what readers have held so far.
  [[nodiscard]] Status RemoveUnheld() { return RemoveBefore({}); }
  // Whether RemoveBefore would find something to delete.
  [[nodiscard]] bool HasBefore(key::FileNumber first_needed) const;
  // Of the segments that readers alone need, as far as RemoveBefore has been told.
  [[nodiscard]] uint64_t held_bytes() const;

  // Whether anything in the log is not durable elsewhere.
  enum class Content : uint8_t { kNeeded, kNotNeeded };
  // Syncs and trims the current segment to its end if its content is needed (unless an error is latched: then nothing
  // is written, trimmed or removed), removes the spare and closes every descriptor. Returns the log's end, for the
  // manifest. Later calls return kClosed.
  [[nodiscard]] Result<LogCut> Close(Content content = Content::kNeeded);

  // The latched error, if any.
  [[nodiscard]] Status health() const;
  [[nodiscard]] LogStats stats() const;

 private:
  struct Segment {
    key::FileNumber number{};
    std::shared_ptr<io::LogSegment>
        file;          // Null once it was sealed, synced and closed; a flush holds it outside the lock.
    uint64_t end = 0;  // Of a sealed segment; of one of an earlier open, the file's.
    uint32_t version = kSegmentVersion;
  };
  // What one flush does: syncs these, oldest first, and has then made everything durable up to `target`.
  struct Flush {
    std::vector<std::shared_ptr<io::LogSegment>> files;
    LogPosition target;

    [[nodiscard]] Status Run() const {
      return base::Contained([this] {
        Status synced;
        for (auto file = files.begin(); synced && file != files.end(); ++file) synced = (*file)->Sync();
        return synced;
      });
    }
  };

  // How much has been appended since the log began. Released by the appender after the end; acquired by a flush's
  // leader before it: so the flush covers what they count.
  struct Appended {
    std::atomic<uint64_t> bytes{0};
    std::atomic<uint64_t> last_sequence;  // Of the last record.
    std::atomic<uint64_t> records{0};     // For stats().
  };
  // The same as of the last flush.
  struct Covered {
    uint64_t bytes = 0;
    uint64_t last_sequence;
  };

  // How long a flush waits for company. As LogSettings at first.
  struct GroupCommit {
    base::Changeable<size_t> bytes;
    base::Changeable<uint32_t> delay_us;
  };

  // Whether a flush waits for more to come.
  enum class Company { kNone, kAwaited };

  Log(io::Environment& environment, io::Executor& executor, LogSettings settings, const LogCut& cut);

  // Begins the first segment, with room for a record of that size, as SyncHeader wants it.
  [[nodiscard]] Status Start(uint64_t record_bytes, SegmentSupply::Use use, uint32_t version = kSegmentVersion);
  // Where nothing was replayed nothing was cut that the header has to keep so: it is durable with what follows.
  [[nodiscard]] Status SyncHeader();
  // Opens the next segment, with room for a record of that size.
  [[nodiscard]] Status Roll(uint64_t record_bytes, SegmentSupply::Use use, uint32_t version = kSegmentVersion);
  [[nodiscard]] uint32_t CurrentVersion() const;
  void MeasureOldSegments();
  // Sees to room for a record of that size and payload, for which there seems to be none.
  [[nodiscard]] Status MakeRoom(uint64_t record_bytes, std::string_view payload);
  [[nodiscard]] Result<LogPosition> AppendOfKind(RecordHeader header, std::string_view payload, SegmentSupply::Use use);
  // Latches it unless it clears by itself.
  [[nodiscard]] Status FailedToStore(const Status& failed);
  [[nodiscard]] Status AppendRecord(RecordHeader header, std::string_view payload, uint64_t payload_hash);
  // Sets the header's checksum.
  [[nodiscard]] Status StoreRecord(RecordHeader* header, std::string_view payload, uint64_t payload_hash);
  [[nodiscard]] Status AppendWatermarkIfDue();
  // Of the appender.
  [[nodiscard]] bool WatermarkIsDue() const;
  // All batches are durable.
  [[nodiscard]] bool IsSynced() const AMETHYST_REQUIRES(mutex_);

  [[nodiscard]] Status SyncTo(LogPosition position, Company company);
  // Runs one flush, for everything that is appended by its start. These three let go of the lock meanwhile. An error is
  // that there is no memory to begin; one of the flush is latched.
  [[nodiscard]] Status LeadFlush(Company company) AMETHYST_REQUIRES(mutex_);
  void GatherCompany() AMETHYST_REQUIRES(mutex_);
  // Trims and closes the sealed segments that are durable.
  void CloseSealed() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Result<Flush> PlanFlush() const AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status Announce(key::FileNumber first) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] LogPosition EndLocked() const AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status Latch(const Status& failed) AMETHYST_EXCLUDES(mutex_);
  void LatchLocked(const Status& failed) noexcept AMETHYST_REQUIRES(mutex_);

  io::FileSystem& files_;
  io::Clock& clock_;
  io::Executor& executor_;
  const LogSettings settings_;
  GroupCommit group_commit_;
  SegmentSupply supply_;

  // The appender's own, that is, the commit lock's holder's.
  std::shared_ptr<io::LogSegment> current_;
  base::Uid checksum_owner_;
  const LogCut begin_;            // The cut that it began with.
  LogCut cut_;                    // The log's end as a cut.
  uint64_t room_end_ = 0;         // Records that end behind this have to ask for room: 0 if all have to.
  bool deletes_only_ = false;     // The segment is for deletes, as long as there is no room on the disk.
  bool torn_ = false;             // A store failed at the log's end: the segment takes no more.
  uint64_t prepare_at_ = 0;       // Offset from which on the next segment is made ahead.
  uint64_t noted_watermark_ = 0;  // Of the last record in this segment.
  std::string staging_;           // Where a record is put together that does not go into mapped memory.

  // Stored by the appender (release, after the bytes), loaded under the lock by those who sync (acquire).
  std::atomic<uint64_t> end_offset_{0};
  std::atomic<uint64_t> batches_end_{0};  // As end_offset_, but behind the last record that is not a watermark.
  // Stored under the lock when a flush ends or a segment begins, loaded by the appender: of the current segment, 0 for
  // none.
  std::atomic<uint64_t> durable_offset_{0};
  std::atomic<bool> latched_{false};  // Stored under the lock with health_, loaded by the appender.
  Appended appended_;

  mutable base::Mutex mutex_{base::LockRank::kLog};
  base::CondVar flushed_;
  Status health_ AMETHYST_GUARDED_BY(mutex_);
  bool started_ AMETHYST_GUARDED_BY(mutex_) = false;  // There is a segment to append to.
  bool announced_ AMETHYST_GUARDED_BY(mutex_);        // The manifest tells of the first segment.
  bool flushing_ AMETHYST_GUARDED_BY(mutex_) = false;
  LogPosition durable_ AMETHYST_GUARDED_BY(mutex_);
  Covered covered_ AMETHYST_GUARDED_BY(mutex_);
  std::vector<Segment> segments_ AMETHYST_GUARDED_BY(mutex_);
  uint64_t syncs_ AMETHYST_GUARDED_BY(mutex_) = 0;
  uint64_t syncs_shared_ AMETHYST_GUARDED_BY(mutex_) = 0;
};

}  // namespace amethyst::wal
