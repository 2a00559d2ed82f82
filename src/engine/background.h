// The scheduler of flushes and compactions: what is due, what runs, who waits for it.
//
// Decides nothing about tables (the planner does) and moves no bytes (flush and compact do). One flush at a time,
// oldest memtable first; compactions that do not overlap run at the same time. A failure is latched unless it clears by
// itself, as a lack of space or memory: then the periodic tick tries again. Thread safety: any thread. Nothing is
// called under its lock but the executor's Schedule.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compaction/plan.h"
#include "engine/committer.h"
#include "engine/compact.h"
#include "engine/database.h"
#include "engine/delete_deadline.h"
#include "engine/deletes_at_rest.h"
#include "engine/event_notes.h"
#include "engine/figure_publisher.h"
#include "engine/flush.h"
#include "engine/running_compactions.h"
#include "engine/sync_ticks.h"
#include "engine/throttle.h"

namespace amethyst::engine {

class Background {
 public:
  // Both outlive it.
  Background(Database& database, Committer& committer);
  ~Background();  // After Stop.

  // Begins to work. The periodic tick rests while there is nothing for it to do, and needs a thread else.
  [[nodiscard]] Status Start();
  // After a commit that found the tick at rest: it runs again. kOutOfMemory: there is no thread for it; the next commit
  // is told, too.
  [[nodiscard]] Status WakeTick() AMETHYST_EXCLUDES(mutex_);
  // Looks for work: after a memtable switch, or when told that something changed.
  void Notify() AMETHYST_EXCLUDES(mutex_);

  // Returns when a memtable fewer waits for flush than may; kNoSpace if the disk does not let it.
  [[nodiscard]] Status WaitForRoom() AMETHYST_EXCLUDES(mutex_);
  // For a write that was refused for want of space: returns when it should be tried again, because all that was in
  // memory has been flushed or what the disk holds for nothing was removed; else with that error.
  [[nodiscard]] Status WaitForSpace(const Status& refused, bool is_first) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Status Flush() AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Status CompactRange(const tree::FamilyKey& family, std::optional<std::string_view> begin,
                                    std::optional<std::string_view> end) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Status WaitForIdle() AMETHYST_EXCLUDES(mutex_);
  // Deletes the files of what was dropped, as far as nobody reads them any more.
  void DeleteDropped() noexcept { FreeSpace(); }

  // Compactions end at their next block and no new one begins. For Close, before it waits for the callers.
  void StopCompactions() AMETHYST_EXCLUDES(mutex_);
  // Returns once nothing runs, and nothing will; then flushes what is in memory unless an error is latched.
  [[nodiscard]] Status StopAndFlush() AMETHYST_EXCLUDES(mutex_);

  // Shows other processes how the database is left. Nothing runs any more, and all of it is open yet.
  void ShowLast() noexcept AMETHYST_EXCLUDES(mutex_);

  [[nodiscard]] Throttle& throttle() { return throttle_; }

  // A change of settings: first what can fail, then what cannot. The next jobs go by what the database's settings say.
  struct NewTick {
    uint32_t sync_interval_ms = 0;
    std::unique_ptr<io::PeriodicJob> job;  // nullptr: it stays as it is.
  };
  [[nodiscard]] Result<NewTick> MakeTick(uint32_t sync_interval_ms);
  void TakeSettings(NewTick tick) noexcept AMETHYST_EXCLUDES(mutex_);

 private:
  struct Planned {
    compaction::Plan plan;
    tree::FamilyTree tree{};
  };
  using Planner =
      base::FunctionRef<compaction::Plan(const compaction::TreeShape&, const std::vector<compaction::RunningOutput>&)>;

  void ScheduleLocked() noexcept AMETHYST_REQUIRES(mutex_);
  void ScheduleDue() AMETHYST_REQUIRES(mutex_);
  void RunFlushes() AMETHYST_EXCLUDES(mutex_);
  void RunCompaction() AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Status StartExecutor();
  [[nodiscard]] uint32_t TicksPerSync() const { return SyncTicksFor(sync_interval_ms_).per_sync; }
  void Tick() AMETHYST_EXCLUDES(mutex_);
  // Nothing is under way and nothing will come due, so that no tick is needed until the next write.
  [[nodiscard]] bool IsQuiet() AMETHYST_EXCLUDES(mutex_);
  // The tick's last call before it rests. False: there is work for it.
  [[nodiscard]] bool TryToRest() AMETHYST_EXCLUDES(mutex_);
  // A small tree is planned by the caller: mostly there is nothing to do, and no thread is needed to find out.
  void PlanAtStart() AMETHYST_EXCLUDES(mutex_);
  // False: there is no memory for it, and nothing was tried.
  [[nodiscard]] bool SyncLog() AMETHYST_EXCLUDES(mutex_);
  void ScheduleChores() AMETHYST_EXCLUDES(mutex_);
  // All periodic work except the log's sync.
  void DoChores() AMETHYST_EXCLUDES(mutex_);
  // Plans on the current trees around what runs: the most urgent of the families' plans; or for one family alone.
  [[nodiscard]] Planned MakePlan(Planner planner, const tree::FamilyKey* only = nullptr) AMETHYST_EXCLUDES(mutex_);
  // Latches it, or keeps what clears by itself in `stalled` until the next tick.
  void Failed(const Error& error, std::optional<Error> Background::* stalled) noexcept AMETHYST_EXCLUDES(mutex_);
  // Work that may have waited goes on.
  void Succeeded(StallNote* stall) noexcept AMETHYST_EXCLUDES(mutex_);
  void GiveUpPlan(const Error& error) noexcept AMETHYST_EXCLUDES(mutex_);
  // All rewrites of a CompactRange, one after the other.
  [[nodiscard]] Status ExecuteRange(const tree::FamilyKey& family, std::optional<std::string_view> begin,
                                    std::optional<std::string_view> end) AMETHYST_EXCLUDES(mutex_);
  // Writes do not press any more: what was put off is due.
  void Rest() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] compaction::PlannerSettings Planning() AMETHYST_EXCLUDES(mutex_);
  // And shows it to other processes.
  void UpdatePressure() AMETHYST_EXCLUDES(mutex_);
  void ShowFigures() noexcept AMETHYST_EXCLUDES(mutex_) { figures_.Publish(Stalled()); }
  [[nodiscard]] std::optional<Error> Stalled() noexcept AMETHYST_EXCLUDES(mutex_);
  void DeleteObsolete() noexcept;
  // And waits for readers who still look at a view that lists some: then the space of what was replaced is free.
  void FreeSpace() noexcept;
  // A memtable waits, and may be flushed.
  [[nodiscard]] bool FlushIsDue() const;
  [[nodiscard]] Status FlushAll() AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Status NoteApplied();
  // All memtables but the one that fills wait for a flush.
  [[nodiscard]] bool IsLastMemtable() const;
  // Flushes the oldest memtable, and notes how long it takes.
  [[nodiscard]] Status FlushOne() AMETHYST_EXCLUDES(mutex_);
  // The same of what an ingest has brought, which goes where compactions leave it room.
  [[nodiscard]] Status FlushIngested(const IngestedTables& ingested) AMETHYST_EXCLUDES(mutex_);
  // Until no other job holds space of the tree as it was at the call: compactions, and a flush that is under way.
  void WaitForOthers() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] bool IsIdle() const AMETHYST_REQUIRES(mutex_);
  void Wait(base::FunctionRef<bool()> ready) AMETHYST_REQUIRES(mutex_);

  const Settings& settings_;
  io::Environment& environment_;
  Storage& storage_;
  ReadContext& reads_;
  Health& health_;
  Workers& workers_;
  Committer& committer_;
  Flusher flusher_;
  Compactor compactor_;
  DeleteDeadline deadline_;
  DeletesAtRest deletes_at_rest_;  // The chores' own.
  Throttle throttle_;
  BackgroundNotes notes_;
  FigurePublisher figures_;
  base::Changeable<uint32_t> sync_interval_ms_;
  uint64_t ticks_ = 0;  // The tick's own.
  std::atomic<bool> ticking_{false};

  base::Mutex mutex_{base::LockRank::kScheduler};
  std::unique_ptr<io::PeriodicJob> tick_ AMETHYST_GUARDED_BY(mutex_);
  base::CondVar changed_;  // Anything below, or the view.
  bool started_ AMETHYST_GUARDED_BY(mutex_) = false;
  bool chores_ AMETHYST_GUARDED_BY(mutex_) = false;  // They are scheduled, or at work.
  bool flushing_ AMETHYST_GUARDED_BY(mutex_) = false;
  uint64_t flushes_ AMETHYST_GUARDED_BY(mutex_) = 0;  // That have ended, well or not.
  bool planning_ AMETHYST_GUARDED_BY(mutex_) = false;
  bool manual_ AMETHYST_GUARDED_BY(mutex_) = false;                 // A CompactRange owns all compactions.
  std::optional<Error> flush_stalled_ AMETHYST_GUARDED_BY(mutex_);  // What clears by itself; forgotten by the tick.
  std::optional<Error> compaction_stalled_ AMETHYST_GUARDED_BY(mutex_);
  RunningCompactions running_ AMETHYST_GUARDED_BY(mutex_);
  uint32_t deleting_ AMETHYST_GUARDED_BY(mutex_) = 0;  // Threads that delete what a compaction has replaced.
  // Counts changes of the tree; there is nothing to compact if the planner said so after the last.
  uint64_t changes_ AMETHYST_GUARDED_BY(mutex_) = 1;
  uint64_t idle_at_change_ AMETHYST_GUARDED_BY(mutex_) = 0;
  // Writes press: a buffer was flushed a moment ago, and nobody waits for idle.
  bool writes_press_ AMETHYST_GUARDED_BY(mutex_) = false;
  std::chrono::nanoseconds flushed_at_ AMETHYST_GUARDED_BY(mutex_){0};
  uint32_t idle_waiters_ AMETHYST_GUARDED_BY(mutex_) = 0;
};

}  // namespace amethyst::engine
