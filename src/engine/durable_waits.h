// The log's syncs for those who need them, and the writes whose callers are told once they are durable.
//
// A write takes its place in the list under the commit lock, so the list is in the order of the log, and callers are
// told in that order. One job at a time works through it: it syncs up to the last write that asks for a sync, tells all
// whom that has made durable, and begins again. So all who came while one sync ran share the next. What asks for no
// sync is told by the sync of somebody else, at the latest by that of the periodic tick.
//
// Thread safety: any thread; Add by the holder of the commit lock. Callbacks run in the executor's jobs, one after the
// other, without a lock. Nothing is called under its lock but the log's end and the executor's Schedule.
#pragma once

#include <atomic>
#include <list>
#include <thread>

#include "amethyst/options.h"
#include "base/mutex.h"
#include "engine/health.h"
#include "engine/statistics.h"
#include "io/environment.h"
#include "wal/log.h"

namespace amethyst::engine {

class DurableWaits {
 public:
  struct Wait {
    bool asks = true;  // For a sync.
    DurableCallback tell;
    wal::LogPosition end{};  // Of the write's record; set by Add.
  };
  using Waits = std::list<Wait>;

  // All outlive it. `executor` runs no other jobs, or none that wait for these.
  DurableWaits(wal::Log& log, Health& health, Statistics& statistics, io::Clock& clock, io::Executor& executor)
      : log_(log), health_(health), statistics_(statistics), clock_(clock), executor_(executor) {}

  // Returns once the log is durable up to `position`; tells those whom that serves.
  [[nodiscard]] Status Sync(wal::LogPosition position) AMETHYST_EXCLUDES(mutex_);

  // Takes the one wait of `one`, for what the log holds before `end`. Its caller calls Look, without the commit lock.
  void Add(Waits* one, wal::LogPosition end) noexcept AMETHYST_EXCLUDES(mutex_);
  // Has a job begin if there is something to sync or to tell. Cheap if there is not. Where there is no memory for a job
  // the next call tries again, at the latest the tick's.
  void Look() noexcept AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] bool HasPending() const { return pending_.load() != 0; }
  // This thread runs a callback.
  [[nodiscard]] bool IsTelling() const { return teller_.load() == std::this_thread::get_id(); }

  // Syncs, and returns once everybody has been told. Nothing is added any more.
  void Finish() noexcept AMETHYST_EXCLUDES(mutex_);

 private:
  void Schedule() noexcept AMETHYST_REQUIRES(mutex_);
  void Work() noexcept;
  // One sync at the most, and what there is to tell then. False: there was nothing, and the job has ended.
  [[nodiscard]] bool Round() AMETHYST_EXCLUDES(mutex_);
  // Moves the waits up to `end` from the front to `to`.
  void TakeUpTo(wal::LogPosition end, Waits* to) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] bool IsDue() const AMETHYST_REQUIRES(mutex_);
  void Tell(const Waits& waits, const Status& status);

  wal::Log& log_;
  Health& health_;
  Statistics& statistics_;
  io::Clock& clock_;
  io::Executor& executor_;
  std::atomic<size_t> pending_{0};         // As waits_.size(); stored under the lock, loaded by Look.
  std::atomic<std::thread::id> teller_{};  // Stored by the thread that tells, before and after; loaded by callbacks.

  base::Mutex mutex_{base::LockRank::kDurableWaits};
  base::CondVar ended_;
  Waits waits_ AMETHYST_GUARDED_BY(mutex_);  // By their ends.
  wal::LogPosition asked_ AMETHYST_GUARDED_BY(mutex_){};
  bool at_work_ AMETHYST_GUARDED_BY(mutex_) = false;  // A job is scheduled, or runs.
};

}  // namespace amethyst::engine
