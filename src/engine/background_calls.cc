// What callers ask of the background, and wait for: room, a flush, a compaction, rest, the end.
#include <algorithm>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "compaction/planner.h"
#include "engine/background.h"
#include "engine/ingest_placement.h"

namespace amethyst::engine {

namespace {

Status NotReleased(uint64_t index) {
  return base::MakeError(ErrorCode::kBusy,
                         "entries up to index {} are not released; call DB::Release({}) once they cannot be undone",
                         index, index);
}

}  // namespace

void Background::Wait(base::FunctionRef<bool()> ready) { workers_.flushes->Wait(mutex_, changed_, ready); }

void Background::StopCompactions() {
  storage_.limiter->LetGo();
  base::MutexLock lock(mutex_);
  health_.stop_compactions.store(true, std::memory_order_release);
  changed_.NotifyAll();
}

void Background::UpdatePressure() {
  const std::shared_ptr<const tree::Forest> forest = reads_.view.Acquire()->forest;
  const compaction::PlannerSettings planning = Planning();
  uint64_t debt_bytes = 0;
  const tree::Version* deepest = forest->default_family().version.get();  // The one with most runs in level 0.
  for (const tree::FamilyTree& tree : forest->families()) {
    debt_bytes += compaction::CompactionDebt(compaction::ShapeOf(*tree.version, {}, false), planning);
    if (tree.version->level0().size() > deepest->level0().size()) deepest = tree.version.get();
  }
  throttle_.Update(*deepest, debt_bytes);
  const Pressure pressure{.level0_runs = deepest->level0().size(),
                          .debt_bytes = debt_bytes,
                          .write_buffer_bytes = settings_.write_buffer_bytes};
  storage_.limiter->SetRate(LimitFor(settings_.background_bytes_per_s, pressure));
  ShowFigures();
}

Result<Background::NewTick> Background::MakeTick(uint32_t sync_interval_ms) {
  NewTick tick{.sync_interval_ms = sync_interval_ms, .job = nullptr};
  if (sync_interval_ms == sync_interval_ms_) return tick;
  AMETHYST_ASSIGN(tick.job,
                  workers_.flushes->ScheduleOnWake(SyncTicksFor(sync_interval_ms).interval, [this] { Tick(); }));
  return tick;
}

void Background::TakeSettings(NewTick tick) noexcept {
  workers_.Share(settings_.background_threads, settings_.spare_threads);
  throttle_.SetWriteBuffer(settings_.write_buffer_bytes);
  base::DoIfPossible([this] { UpdatePressure(); });
  if (tick.job != nullptr) {
    {
      base::MutexLock lock(mutex_);
      if (tick_ != nullptr) tick_.swap(tick.job);
    }
    tick.job.reset();  // Waits for a run of the old one, without the lock that it takes.
    sync_interval_ms_ = tick.sync_interval_ms;
    base::DoIfPossible([this] { static_cast<void>(WakeTick()); });  // Writes may have found the old one awake.
  }
  base::MutexLock lock(mutex_);
  ++changes_;  // Plans are others, too.
  ScheduleLocked();
  changed_.NotifyAll();
}

Status Background::WaitForRoom() {
  reads_.statistics.Add(Counter::kWriteWaits);
  const FigurePublisher::Waiting waiting(figures_);
  const auto has_room = [this](const View& view) {
    return MayWait(view, settings_.waiting().Within(storage_.store->budget()));
  };
  base::MutexLock lock(mutex_);
  ScheduleLocked();
  const WaitingWriters::Wait waits(&notes_.waiting_writers, health_.events);
  Wait([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    return health_.latch.IsSet() || flush_stalled_.has_value() || (!flushing_ && !FlushIsDue()) ||
           has_room(*reads_.view.Acquire());
  });
  if (health_.latch.IsSet()) return health_.latch.status();
  if (flush_stalled_) return std::unexpected(*flush_stalled_);
  const ViewPtr view = reads_.view.Acquire();  // One, for all of them may change at any time.
  if (has_room(*view) || storage_.external_log.MayFlush(*view->immutable.back())) return {};
  return NotReleased(view->immutable.back()->applied->index);
}

Status Background::WaitForSpace(const Status& refused, bool is_first) {
  const uint64_t unflushed_bytes = UnflushedBytes(*reads_.view.Acquire());
  // What waits for a flush that finds no space is beyond the reach of deletes.
  const bool flush_helps = unflushed_bytes != 0 && storage_.reserve->HasRoomFor(unflushed_bytes);
  const bool is_full = storage_.reserve->is_full();
  base::MutexLock lock(mutex_);
  // A compaction that began before the disk was full stops and frees what it took, if it has not by now; none begins.
  if (is_first || (is_full && (!running_.empty() || deleting_ != 0))) {
    if (is_full) WaitForOthers();
    lock.Unlock();
    FreeSpace();
    return {};
  }
  if (flush_stalled_ || !flush_helps) return refused;
  lock.Unlock();
  return Flush() ? Status() : refused;
}

Status Background::Flush() {
  AMETHYST_TRY(FlushAll());
  // Until the edit under way is done, whose event is queued by then: the memtable was out of the view before.
  if (health_.events.IsHeard()) static_cast<void>(storage_.catalog->flushed_sequence());
  return {};
}

Status Background::FlushAll() {
  AMETHYST_TRY(health_.latch.status());
  AMETHYST_TRY(committer_.Switch());
  const ViewPtr view = reads_.view.Acquire();
  if (view->immutable.empty()) return NoteApplied();
  const WriteBuffer& newest = *view->immutable.front();
  if (!storage_.external_log.MayFlush(newest)) return NotReleased(newest.applied->index);
  const key::SequenceNumber last = newest.last_sequence();
  base::MutexLock lock(mutex_);
  flush_stalled_.reset();
  ScheduleLocked();
  const auto is_flushed = [&] {
    const ViewPtr now = reads_.view.Acquire();
    return now->immutable.empty() || now->immutable.back()->first_sequence() > last;
  };
  Wait([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    return health_.latch.IsSet() || flush_stalled_.has_value() || is_flushed();
  });
  if (is_flushed()) return {};
  if (health_.latch.IsSet()) return health_.latch.status();
  return std::unexpected(*flush_stalled_);
}

Status Background::FlushIngested(const IngestedTables& ingested) {
  std::vector<key::Level> levels;
  std::vector<uint64_t> ids;
  {
    base::MutexLock lock(mutex_);
    if (!manual_) {  // Else its plans count on all levels: level 0 is free at any time.
      levels = PlaceIngested(ingested, *reads_.view.Acquire()->forest, running_.Outputs());
      ids.reserve(levels.size());
      for (size_t i = 0; i < levels.size(); ++i) {
        const tree::AddedTable& table = ingested.added()[i];
        ids.push_back(running_.AddIncoming(
            table.family, {.level = levels[i], .smallest = table.info.smallest, .largest = table.info.largest}));
      }
    }
  }
  const Status flushed = base::Contained([&] {
    return storage_.reserve->Support([&] { return flusher_.FlushOldest(Writers::kMayCome, levels); },
                                     [this] { FreeSpace(); });
  });
  base::MutexLock lock(mutex_);
  for (const uint64_t id : ids) running_.Remove(id);
  changed_.NotifyAll();
  return flushed;
}

// What moved without an entry.
Status Background::NoteApplied() {
  if (!storage_.external_log.is_used()) return {};
  std::optional<AppliedIndex> applied;
  AMETHYST_TRY(committer_.RunLocked([&] {
    const ViewPtr view = reads_.view.Acquire();
    if (view->active->memtable.Empty() && view->immutable.empty()) applied = view->active->applied;
  }));
  if (!applied || applied == storage_.catalog->applied()) return {};
  if (!storage_.external_log.HasReleased(applied->index)) return NotReleased(applied->index);
  tree::VersionEdit edit;
  edit.applied = applied;
  AMETHYST_TRY(storage_.Note(std::move(edit)));
  TellDurable(health_.events, applied->index);
  return {};
}

Status Background::CompactRange(const tree::FamilyKey& family, std::optional<std::string_view> begin,
                                std::optional<std::string_view> end) {
  AMETHYST_TRY(Flush());
  {
    base::MutexLock lock(mutex_);
    Wait([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return !manual_; });
    manual_ = true;
    WaitForOthers();
  }
  const Status done = base::Contained([&] { return ExecuteRange(family, begin, end); });
  if (done) {
    Succeeded(&notes_.compaction_stall);
  } else {
    Failed(done.error(), &Background::compaction_stalled_);  // Before anything more is changed.
    base::DoIfPossible([this] { UpdatePressure(); });
  }
  {
    base::MutexLock lock(mutex_);
    WaitForOthers();
    manual_ = false;
    ++changes_;
    if (done) flusher_.NoteCompaction();
    ScheduleLocked();
    changed_.NotifyAll();
  }
  FreeSpace();
  return done;
}

Status Background::ExecuteRange(const tree::FamilyKey& family, std::optional<std::string_view> begin,
                                std::optional<std::string_view> end) {
  compaction::RangeGoal goal;
  if (begin) goal.begin = *begin;
  if (end) goal.end = *end;
  goal.rewrites_all = compactor_.HasFilter(family);
  AMETHYST_TRY(health_.latch.status());
  for (;;) {
    const auto next_step = [&](const auto& shape, const auto& running) {
      return compaction::PlanRange(shape, running, compactor_.Planning(), goal);
    };
    const Planned planned = MakePlan(next_step, &family);
    if (planned.plan.kind == compaction::PlanKind::kNothing) return {};
    AMETHYST_TRY(storage_.reserve->Support(
        [&] { return compactor_.ExecutePlan(planned.plan, planned.tree, health_.stop_compactions); },
        [this] { FreeSpace(); }));
  }
}

std::optional<Error> Background::Stalled() noexcept {
  base::MutexLock lock(mutex_);
  std::optional<Error> stalled;
  base::DoIfPossible(
      [&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { stalled = flush_stalled_ ? flush_stalled_ : compaction_stalled_; });
  return stalled;
}

void Background::ShowLast() noexcept {
  figures_.Close(Stalled());
  workers_.jobs.SetWatcher({});
}

void Background::FreeSpace() noexcept {
  base::DrainEpochs();
  DeleteObsolete();
}

void Background::WaitForOthers() {
  const uint64_t flushes = flushes_;
  Wait([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    return !planning_ && running_.empty() && deleting_ == 0 && !chores_ && (!flushing_ || flushes_ != flushes);
  });
}

bool Background::IsIdle() const {
  return !flushing_ && !flusher_.SweepIsDue() && !planning_ && !manual_ && running_.empty() && deleting_ == 0 &&
         !FlushIsDue() && idle_at_change_ == changes_;
}

Status Background::WaitForIdle() {
  if (DeletesAtRest::Weigh(*reads_.view.Acquire()))
    AMETHYST_TRY(base::Contained([this] { return committer_.Switch(); }));
  {
    base::MutexLock lock(mutex_);
    flush_stalled_.reset();
    compaction_stalled_.reset();
    ++idle_waiters_;
    Rest();
    ScheduleLocked();
    Wait([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
      return health_.latch.IsSet() || health_.stop_compactions.load(std::memory_order_acquire) ||
             flush_stalled_.has_value() || compaction_stalled_.has_value() || IsIdle();
    });
    AMETHYST_ASSERT(idle_waiters_ > 0);
    --idle_waiters_;
    if (flush_stalled_) return std::unexpected(*flush_stalled_);
    if (compaction_stalled_) return std::unexpected(*compaction_stalled_);
  }
  FreeSpace();
  return health_.latch.status();
}

Status Background::StopAndFlush() {
  std::unique_ptr<io::PeriodicJob> tick;
  {
    base::MutexLock lock(mutex_);
    tick = std::move(tick_);
  }
  tick.reset();
  Status switched;
  if (!health_.latch.IsSet()) {
    if (deadline_.LoggedDeletesAreDue()) static_cast<void>(committer_.SwitchWithLog());
    switched = committer_.Switch();  // Also where there was no room for a segment.
  }
  {
    base::MutexLock lock(mutex_);
    started_ = false;
    Wait([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
      return !chores_ && !flushing_ && !planning_ && running_.empty() && deleting_ == 0;
    });
  }
  if (!switched && reads_.view.Acquire()->active->holds_unlogged) return switched;
  while (!health_.latch.IsSet() && FlushIsDue()) {
    const Status flushed = base::Contained([this] {
      return storage_.reserve->Support([this] { return flusher_.FlushOldest(Writers::kGone); },
                                       [this] { FreeSpace(); });
    });
    if (flushed) continue;
    Failed(flushed.error(), &Background::flush_stalled_);
    // On a full disk the log still has all that was logged.
    const bool is_lost = !ClearsByItself(flushed.error()) ||
                         std::ranges::any_of(reads_.view.Acquire()->immutable,
                                             [](const WriteBufferPtr& buffer) { return buffer->holds_unlogged; });
    if (is_lost) return flushed;
    break;
  }
  // What is not released comes again from the caller's log.
  if (const Status noted = NoteApplied(); !noted && noted.error().code() != ErrorCode::kBusy) return noted;
  if (!health_.latch.IsSet() && workers_.compactions != nullptr) {
    const Status done = base::Contained([this]() -> Status {
      AMETHYST_TRY(deadline_.Finish(compactor_));
      return FlushIsDue() ? Status() : compactor_.CompactLittle();
    });
    if (!done) Failed(done.error(), &Background::compaction_stalled_);
  }
  FreeSpace();
  return health_.latch.status();
}

}  // namespace amethyst::engine
