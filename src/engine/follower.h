// A read-only database that goes along with its writer in another process: what is in tables as the manifest says, what
// is not as the log says.
//
// A step reads what the manifest has got, and shows it, then the log to its end. A flush is one edit, so what tables
// hold is all that was written up to a sequence number: where that is more than the log was read to, the log up to
// there is not needed. Else what a flush has put into tables leaves the memtables here. One that holds more than was
// flushed stays, if it may, until all of it is: the memtables are the log's end without a gap, so the newest version of
// a key in them is the newest there is. Else it is made anew from the log, and nobody looks on meanwhile. A view keeps
// its files by a mark (tree/file_removal.h). The writer's rewrites know nothing of this process, so a newer view may
// lack what an older sequence number sees: the sequence moves on first and the view second, and a snapshot keeps its
// view (SnapshotPin::view).
//
// When the log does not go on from here (the follower was away for longer than its grace, or the writer took back a
// record that had failed) everything is read anew, and shown at once: writes that were taken back are never shown
// together with those that came in their place, and their sequence numbers are not visible until they are used again.
// Thread safety: any thread; steps one at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/follower.h"
#include "base/containment.h"
#include "base/mutex.h"
#include "catalog/manifest_tail.h"
#include "engine/database.h"
#include "engine/followed_log.h"
#include "io/reader_marks.h"
#include "wal/log_follower.h"

namespace amethyst::engine {

// What a follower has in place of a lock: it tells a forked child from the process that opened the database.
[[nodiscard]] std::unique_ptr<io::FileLock> NoLock();

// What `call` returns, tried again for a tenth of a second while the writer is in the middle of a few instructions
// (kBusy), or has removed what nobody had marked yet (kTooOld).
template <typename Call>
[[nodiscard]] auto BesideWriter(io::Clock& clock, Call call) {
  constexpr int kTriesMax = 1000;
  constexpr std::chrono::microseconds kPause{100};
  for (int tries = 0;; ++tries) {
    auto result = call();
    const bool is_passing =
        !result && (result.error().code() == ErrorCode::kBusy || result.error().code() == ErrorCode::kTooOld);
    if (!is_passing || tries == kTriesMax) return result;
    clock.Sleep(kPause);
  }
}

class Follower {
 public:
  struct Settings {
    std::chrono::milliseconds interval;
    std::chrono::seconds grace;
  };
  // Before the manifest is read: from now on the writer removes nothing that it lists. Part of `database`.
  [[nodiscard]] static Result<std::unique_ptr<Follower>> Create(Database& database, const FollowerOptions& options);

  // Once the catalog is there: reads the log, and begins to look by itself.
  [[nodiscard]] Status Start(const catalog::CatalogSettings& settings) AMETHYST_EXCLUDES(mutex_);
  // Returns once reads see at least all that the writer had shown before the call, kNone writes excepted.
  [[nodiscard]] Status Refresh() AMETHYST_EXCLUDES(mutex_);
  void Stop() AMETHYST_EXCLUDES(mutex_, pause_mutex_);

  // All that reads see after a Refresh: the state of the tables, the memtables above it, oldest first, and what keeps
  // the files.
  struct Captured {
    catalog::CatalogState state;
    std::vector<WriteBufferPtr> unflushed{};
    MarkHold files{};
  };
  // Refreshes, and calls `take` once, before it looks again: what it returns is the end of all that reads see then.
  [[nodiscard]] Result<wal::LogCut> EndOfReads(base::FunctionRef<void()> take) AMETHYST_EXCLUDES(mutex_);
  // Refreshes, and calls `take` once, before it looks again: so nothing is written to the memtables meanwhile.
  [[nodiscard]] Status Capture(base::FunctionRef<Status(Captured)> take) AMETHYST_EXCLUDES(mutex_);

 private:
  // A memtable, or what an ingest has brought, and places of the log: one before all of it, and some within, ascending.
  struct Part {
    WriteBufferPtr buffer;
    std::vector<wal::LogCut> places;
    // Whether reads may find its entries in tables as well: no operand, which would count twice, and nothing went past
    // the log between two entries, which would be newer than the first of them.
    bool may_stand_twice = true;
  };
  using Parts = std::vector<Part>;  // Oldest first. The last one fills.

  enum class Reading : uint8_t { kWhole, kPart, kNeedsManifest };
  // Of the log, after which reads may see what was read: so one that grows as fast as it is read is followed, too.
  static constexpr uint64_t kStepBytes = uint64_t{1} << 20;

  Follower(Database& database, const Settings& settings) : database_(database), settings_(settings) {}

  // Of a copy: as long as a large one takes, and no longer than a process that hangs may keep a disk from being freed.
  static constexpr std::chrono::seconds kCopyGrace{1 << 16};

  // nullptr: there is no file for marks.
  [[nodiscard]] Result<MarkHold> Hold(uint64_t ordinal) AMETHYST_REQUIRES(mutex_) {
    return Hold(ordinal, settings_.grace);
  }
  [[nodiscard]] Result<MarkHold> Hold(uint64_t ordinal, std::chrono::seconds grace) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] wal::LogFollower::Place PlaceOf(const catalog::CatalogState& state) const;
  [[nodiscard]] Result<wal::LogFollower> BeginOfLog(const catalog::CatalogState& state) const;
  [[nodiscard]] WriteBufferPtr NewBuffer(size_t bytes) const;

  // What `call` returns, beside a writer.
  template <typename Call>
  [[nodiscard]] auto Locked(Call call) AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    auto result = base::Contained(call);
    // A batch may be in the memtable in part: it must not get there twice.
    if (!result && result.error().code() != ErrorCode::kBusy) log_.reset();
    return result;
  }
  [[nodiscard]] Status RefreshLocked() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status Step() AMETHYST_REQUIRES(mutex_);
  // Shows what the manifest has got. kTooOld: the log does not go on from here, or not by what was read of it.
  [[nodiscard]] Status TakeEdits() AMETHYST_REQUIRES(mutex_);
  // The edits to come are of the history that the memtables here are of. kTooOld: of another one.
  [[nodiscard]] Status CheckIsSameHistory() const AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Result<Captured> CaptureLocked() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status StartOver() AMETHYST_REQUIRES(mutex_);
  // Reads `log` into the parts: what is newer than `after`, to the log's end, or to the first batch beyond `last`, or
  // some kStepBytes of it.
  [[nodiscard]] Result<Reading> ReadLog(const tree::Forest& forest, key::SequenceNumber after, key::SequenceNumber last,
                                        wal::LogFollower* log, Parts* parts);
  // The same of a log that nobody writes, by the rules of recovery: damage is told from a torn end.
  [[nodiscard]] Status ReadEndedLog(const catalog::CatalogState& state, wal::LogFollower* log, Parts* parts);
  [[nodiscard]] Status Apply(const tree::Forest& forest, const wal::RecoveredBatch& batch, const wal::LogCut& at,
                             Parts* parts);
  enum class Overlap : uint8_t { kAllowed, kNone };
  // The parts without those that are in the tables of that state, or without all that is.
  [[nodiscard]] Result<Parts> Unflushed(const catalog::CatalogState& state, Overlap overlap) AMETHYST_REQUIRES(mutex_);
  // Shows the tail's state, with the parts: all that was written up to `sequence`.
  [[nodiscard]] Status ShowState(MarkHold hold, key::SequenceNumber sequence) AMETHYST_REQUIRES(mutex_);
  void MoveTo(key::SequenceNumber sequence);
  // Where what was seen beyond was taken back: else a batch with its numbers would be seen while it comes.
  void GoBackTo(key::SequenceNumber sequence) AMETHYST_REQUIRES(mutex_);
  // Tells the feeds how far the log was read, by a look that began then.
  void TellFeeds(Reading reading, std::chrono::nanoseconds began) AMETHYST_REQUIRES(mutex_);
  void ShowParts(std::shared_ptr<const tree::Forest> forest) AMETHYST_REQUIRES(mutex_);
  void Look();

  Database& database_;
  const Settings settings_;

  base::Mutex mutex_{base::LockRank::kFollower};  // Held over reading.
  std::shared_ptr<io::ReaderMarks> marks_ AMETHYST_GUARDED_BY(mutex_);
  std::optional<catalog::ManifestTail> tail_ AMETHYST_GUARDED_BY(mutex_);
  std::optional<wal::LogFollower> log_ AMETHYST_GUARDED_BY(mutex_);
  Parts parts_ AMETHYST_GUARDED_BY(mutex_);
  MarkHold hold_ AMETHYST_GUARDED_BY(mutex_);               // Of what is shown,
  uint64_t shown_ordinal_ AMETHYST_GUARDED_BY(mutex_) = 0;  // which is the state there.

  base::Mutex pause_mutex_{base::LockRank::kFollowerPause};
  base::CondVar stopped_;
  bool stops_ AMETHYST_GUARDED_BY(pause_mutex_) = false;
  std::string failure_;  // That the last look told of; the looks' own.
  std::unique_ptr<io::PeriodicJob> looks_;
};

}  // namespace amethyst::engine
