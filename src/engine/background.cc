#include "engine/background.h"

#include <algorithm>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "compaction/merge_job.h"
#include "compaction/planner.h"
#include "engine/cursor_list.h"
#include "engine/durable_waits.h"

namespace amethyst::engine {

namespace {
// How long after a flush writes count as pressing.
constexpr std::chrono::seconds kPressTime{2};

}  // namespace

Background::Background(Database& database, Committer& committer)
    : settings_(database.settings),
      environment_(*database.environment),
      storage_(database.storage),
      reads_(*database.reads),
      health_(database.health),
      workers_(database.workers),
      committer_(committer),
      flusher_(storage_, reads_, health_, database.family),
      compactor_(storage_, reads_, health_, workers_, database.family),
      deadline_(storage_, reads_, health_, flusher_, database.family.delete_deadline_s),
      throttle_(settings_, environment_.clock(), reads_.statistics, health_.events),
      figures_(database, throttle_),
      sync_interval_ms_(settings_.options.sync_interval_ms) {
  storage_.limiter = std::make_unique<Limiter>(environment_.clock());
  workers_.jobs.SetWatcher({figures_.board(), &environment_.clock(), [this] { ShowFigures(); }});
}

Background::~Background() {
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(tick_ == nullptr);
}

Status Background::Start() {
  AMETHYST_TRY(StartExecutor());
  committer_.NoteTickRests();
  notes_.clock_watch.Look(environment_.clock(), health_.events);
  AMETHYST_ASSIGN(auto tick,
                  workers_.flushes->ScheduleOnWake(SyncTicksFor(sync_interval_ms_).interval, [this] { Tick(); }));
  {
    base::MutexLock lock(mutex_);
    tick_ = std::move(tick);
    started_ = true;
  }
  if (deadline_.LoggedDeletesAreDue()) ScheduleChores();  // The process may not live until the first tick.
  UpdatePressure();
  PlanAtStart();
  Notify();
  return IsQuiet() ? Status() : WakeTick();
}

void Background::PlanAtStart() {
  constexpr size_t kTablesMax = 64;
  size_t tables = 0;
  const std::shared_ptr<const tree::Forest> forest = reads_.view.Acquire()->forest;
  for (const tree::FamilyTree& tree : forest->families()) {
    tree.version->ForEachTable([&tables](key::Level, const tree::TablePtr&) { ++tables; });
  }
  if (tables > kTablesMax) return;
  base::DoIfPossible([this] {
    const auto planner = [this](const auto& shape, const auto& running) {
      return compaction::PlanCompaction(shape, running, Planning());
    };
    if (MakePlan(planner).plan.kind != compaction::PlanKind::kNothing) return;
    base::MutexLock lock(mutex_);
    idle_at_change_ = changes_;
  });
}

Status Background::StartExecutor() {
  AMETHYST_ASSIGN(workers_.compactions,
                  environment_.NewExecutor(settings_.background_threads + settings_.spare_threads));
  workers_.Share(settings_.background_threads, settings_.spare_threads);
  return {};
}

void Background::Notify() {
  base::MutexLock lock(mutex_);
  ScheduleLocked();
}

bool Background::IsLastMemtable() const {
  const base::EpochGuard guard;
  return MemtablesWaiting(*reads_.view.Peek()) >= settings_.immutable_count_max;
}

bool Background::FlushIsDue() const {
  const base::EpochGuard guard;
  const auto& waiting = reads_.view.Peek()->immutable;
  return !waiting.empty() && storage_.external_log.MayFlush(*waiting.back());
}

// What there is no memory to look at (a thread's first look at a view takes some) or to schedule is scheduled by the
// next tick.
void Background::ScheduleLocked() noexcept {
  base::DoIfPossible([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { ScheduleDue(); });
}

void Background::ScheduleDue() {
  throttle_.Nap(IsLastMemtable());
  if (!started_ || health_.latch.IsSet()) return;
  // Which only the tick ends, or shows to those who look on. Where it finds no thread the next write or job tries
  // again.
  const bool needs_tick = flush_stalled_ || compaction_stalled_ || writes_press_ || !running_.empty();
  if (needs_tick && tick_ != nullptr) static_cast<void>(tick_->Wake());
  if (!flushing_ && !flush_stalled_ && (flusher_.SweepIsDue() || FlushIsDue())) {
    workers_.flushes->Schedule(io::Priority::kFlush, [this] { RunFlushes(); });
    flushing_ = true;
  }
  workers_.flush_rests.store(!flushing_ && !writes_press_, std::memory_order_relaxed);
  const bool compaction_is_due = !manual_ && !compaction_stalled_ && changes_ != idle_at_change_;
  if (compaction_is_due && !planning_ && !health_.stop_compactions.load(std::memory_order_acquire) &&
      running_.size() < workers_.threads && !running_.TakesAllMemory()) {
    workers_.compactions->Schedule(io::Priority::kCompaction, [this] { RunCompaction(); });
    planning_ = true;
  }
}

void Background::Failed(const Error& error, std::optional<Error> Background::* stalled) noexcept {
  if (ClearsByItself(error)) {
    (stalled == &Background::flush_stalled_ ? notes_.flush_stall : notes_.compaction_stall)
        .Waits(health_.events, error);
    base::DoIfPossible(
        [&] { health_.Log("background work waits for space, memory or descriptors: " + error.message()); });
    base::MutexLock lock(mutex_);
    this->*stalled = base::MadeWithoutFail([&] { return error; });
  } else if (error.code() != ErrorCode::kClosed && health_.Fail(error)) {
    base::DoIfPossible(
        [&] { health_.Log("background work failed, writes are refused from now on: " + error.ToString()); });
  }
}

void Background::Succeeded(StallNote* stall) noexcept {
  stall->GoesOn(health_.events);
  base::DoIfPossible([this] { UpdatePressure(); });
}

Status Background::FlushOne() {
  const std::chrono::nanoseconds start = environment_.clock().Monotonic();
  WriteBufferPtr oldest = reads_.view.Acquire()->immutable.back();
  const uint64_t bytes = oldest->memtable.raw_bytes();
  const auto job = workers_.jobs.Begin({.bytes = bytes}, 0);
  {
    const CpuMeter meter(environment_.clock(), reads_.statistics);
    // Which says nothing of the flushes' speed, nor that writes press.
    if (oldest->ingested != nullptr) return FlushIngested(*oldest->ingested);
    oldest = {};
    AMETHYST_TRY(storage_.reserve->Support([this] { return flusher_.FlushOldest(); }, [this] { FreeSpace(); }));
  }
  const std::chrono::nanoseconds end = environment_.clock().Monotonic();
  throttle_.NoteFlush(bytes, end - start);
  job.Complete(figures_.TakeFlushedBytes());
  base::MutexLock lock(mutex_);
  writes_press_ = idle_waiters_ == 0;
  flushed_at_ = end;
  return {};
}

void Background::RunFlushes() {
  bool more = true;
  while (more) {
    const Status flushed =
        base::Contained([this] { return FlushIsDue() ? FlushOne() : flusher_.DropSpentTombstones(); });
    if (flushed) {
      Succeeded(&notes_.flush_stall);
    } else {
      Failed(flushed.error(), &Background::flush_stalled_);
    }
    DeleteObsolete();  // What it has replaced, or had written in vain.
    base::MutexLock lock(mutex_);
    if (flushed) ++changes_;
    ++flushes_;
    more = flushed && (flusher_.SweepIsDue() || FlushIsDue()) && started_;
    if (!more) flushing_ = false;
    ScheduleLocked();
    changed_.NotifyAll();
  }
}

Background::Planned Background::MakePlan(Planner planner, const tree::FamilyKey* only) {
  std::vector<key::FileNumber> busy;
  std::map<key::FamilyId, std::vector<compaction::RunningOutput>> outputs;
  {
    // Before the version is taken: a job that ends in between counts as running still, which is the safe side.
    base::MutexLock lock(mutex_);
    busy = running_.Inputs();
    outputs = running_.Outputs();
  }
  Planned planned;
  const std::shared_ptr<const tree::Forest> forest = reads_.view.Acquire()->forest;
  for (const tree::FamilyTree& tree : forest->families()) {
    const key::FamilyId family = tree.family->id;
    if (only != nullptr && family != only->id) continue;
    compaction::Plan plan = planner(compaction::ShapeOf(*tree.version, busy, true), outputs[family]);
    if (plan.kind == compaction::PlanKind::kNothing) continue;
    if (planned.plan.kind != compaction::PlanKind::kNothing && plan.urgency <= planned.plan.urgency) continue;
    planned = {.plan = std::move(plan), .tree = tree};
  }
  return planned;
}

void Background::RunCompaction() {
  uint64_t change, incoming;
  {
    base::MutexLock lock(mutex_);
    change = changes_;
    incoming = running_.incoming();
  }
  Planned planned;
  const Status plan = base::Contained([&] {
    planned = MakePlan([this](const auto& shape, const auto& running) {
      return compaction::PlanCompaction(shape, running, Planning());
    });
  });
  uint64_t id = 0;
  Status registered;
  {
    base::MutexLock lock(mutex_);
    const bool nothing = plan && planned.plan.kind == compaction::PlanKind::kNothing;
    const bool is_stale = plan && incoming != running_.incoming();  // Tables came where it may write to.
    if (nothing || is_stale || health_.stop_compactions.load(std::memory_order_acquire)) {
      planning_ = false;
      if (nothing && !is_stale) idle_at_change_ = change;
      ScheduleLocked();
      changed_.NotifyAll();
      return;
    }
    registered = plan ? base::Contained([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
      id = running_.Add(planned.plan, planned.tree.family->id, OutputOf(planned.plan, *planned.tree.version),
                        compactor_.TakesAllMemory(planned.plan, *planned.tree.version));
    })
                      : plan;
    if (registered) {
      planning_ = false;
      ScheduleLocked();
    }
  }
  if (!registered) return GiveUpPlan(registered.error());
  const Status done = base::Contained([&]() -> Status {
    AMETHYST_TRY(storage_.reserve->CheckCanWait());
    return compactor_.ExecutePlan(planned.plan, planned.tree, {health_.stop_compactions, storage_.reserve->is_full()});
  });
  planned.tree = {};  // Which keeps the inputs.
  if (done) {
    Succeeded(&notes_.compaction_stall);
  } else {
    Failed(done.error(), &Background::compaction_stalled_);
  }
  {
    base::MutexLock lock(mutex_);
    running_.Remove(id);
    ++changes_;
    ++deleting_;
    if (done) flusher_.NoteCompaction();
    ScheduleLocked();  // On another thread, if one is free: to delete what was large takes a while.
  }
  DeleteObsolete();
  base::MutexLock lock(mutex_);
  --deleting_;
  changed_.NotifyAll();
}

// There is no memory to plan, or a comparator has thrown.
void Background::GiveUpPlan(const Error& error) noexcept {
  Failed(error, &Background::compaction_stalled_);
  base::MutexLock lock(mutex_);
  planning_ = false;
  ScheduleLocked();
  changed_.NotifyAll();
}

// The sync comes first and on time: what else there is to do goes to a background thread, so that the next tick does
// not wait for it.
void Background::Tick() {
  if (ticking_.exchange(true, std::memory_order_acquire)) return;  // By the job of another interval, which goes.
  const uint32_t per_sync = TicksPerSync();
  if (per_sync != 0 && ++ticks_ % per_sync == 0 && !SyncLog()) --ticks_;
  storage_.waits->Look();
  notes_.clock_watch.Look(environment_.clock(), health_.events);
  figures_.Begin();
  TryToRest() ? figures_.Rest(Stalled()) : ScheduleChores();
  ticking_.store(false, std::memory_order_release);
}

bool Background::IsQuiet() {
  if (storage_.waits->HasPending()) return false;
  if (health_.latch.IsSet()) return true;
  if (deadline_.IsPending() || reads_.clock->InUse() || storage_.cursors->IsInUse()) return false;
  if (storage_.store->HasObsolete() || storage_.store->HasDying()) return false;
  if (DeletesAtRest::Weigh(*reads_.view.Acquire())) return false;
  base::MutexLock lock(mutex_);
  return started_ && !chores_ && !flush_stalled_ && !compaction_stalled_ && !writes_press_ && IsIdle();
}

// A write is either seen here, or made later under the commit lock: then its caller wakes the tick, whose rest that
// cancels.
bool Background::TryToRest() {
  if (!IsQuiet()) return false;
  FreeSpace();
  bool rests = false;
  const Status asked = committer_.RunLocked([&] {
    rests = (TicksPerSync() == 0 || storage_.log->IsAtRest()) && IsQuiet();
    if (rests) committer_.NoteTickRests();
  });
  if (!asked || !rests) return false;
  base::MutexLock lock(mutex_);
  if (tick_ != nullptr) tick_->Rest();
  return true;
}

Status Background::WakeTick() {
  committer_.NoteTickWakes();
  base::MutexLock lock(mutex_);
  Status woken = tick_ == nullptr ? Status() : tick_->Wake();
  if (!woken) committer_.NoteTickRests();
  return woken;
}

void Background::ScheduleChores() {
  base::MutexLock lock(mutex_);
  if (chores_) return;  // They take longer than a tick.
  base::DoIfPossible([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    workers_.flushes->Schedule(io::Priority::kFlush, [this] { DoChores(); });
    chores_ = true;
  });
}

bool Background::SyncLog() {
  if (health_.latch.IsSet()) return true;
  const Status ticked = base::Contained([this] {
    return storage_.log->Tick(
        [this](base::FunctionRef<void()> call) { static_cast<void>(committer_.RunLocked(call)); });
  });
  if (!ticked) health_.FailUnlessItClears(ticked.error());
  return ticked || !ClearsByItself(ticked.error());
}

void Background::DoChores() {
  const std::chrono::nanoseconds now = environment_.clock().Monotonic();
  const Status kept = base::Contained([this, now]() -> Status {
    if (deletes_at_rest_.AreDue(*reads_.view.Acquire(), now)) AMETHYST_TRY(committer_.Switch());
    return deadline_.Keep(committer_);
  });
  if (!kept) health_.FailUnlessItClears(kept.error());
  if (!health_.latch.IsSet()) {
    const Status noted = base::Contained([this] { return storage_.cursors->Note(); });
    if (!noted) health_.FailUnlessItClears(noted.error());
  }
  base::DoIfPossible([this] { UpdatePressure(); });
  DeleteObsolete();
  base::MutexLock lock(mutex_);
  chores_ = false;
  flush_stalled_.reset();
  compaction_stalled_.reset();
  if (now > flushed_at_ + kPressTime) Rest();
  const bool ages = deadline_.IsSet() || reads_.clock->InUse();
  if (ages && idle_at_change_ == changes_) idle_at_change_ = 0;  // Tombstones and entries age without a change.
  ScheduleLocked();
  changed_.NotifyAll();
}

void Background::Rest() {
  if (!writes_press_) return;
  writes_press_ = false;
  ++changes_;  // A plan that is being made under pressure does not count as the last word.
}

compaction::PlannerSettings Background::Planning() {
  compaction::PlannerSettings settings = compactor_.Planning();
  base::MutexLock lock(mutex_);
  settings.writes_press = writes_press_;
  return settings;
}

void Background::DeleteObsolete() noexcept {
  base::SweepEpochs();  // Tables die with the last view that lists them.
  if (health_.latch.IsSet() || !storage_.store->HasObsolete()) return;
  // What cannot be removed now is tried again; at the latest the next open removes it.
  base::DoIfPossible([this] {
    const Status deleted = storage_.store->DeleteObsolete([this](key::FileNumber table) {
      health_.events.Tell([table] { return Event{.kind = EventKind::kTableRemoved, .table = key::Raw(table)}; });
    });
    if (!deleted) health_.Log("an obsolete table could not be removed: " + deleted.error().message());
  });
}

}  // namespace amethyst::engine
