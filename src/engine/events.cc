#include "engine/events.h"

#include "base/error.h"

namespace amethyst {

std::string_view EventKindName(EventKind kind) {
  switch (kind) {
    case EventKind::kFlushBegin: return "flush-begin";
    case EventKind::kFlushEnd: return "flush-end";
    case EventKind::kCompactionBegin: return "compaction-begin";
    case EventKind::kCompactionEnd: return "compaction-end";
    case EventKind::kTableMade: return "table-made";
    case EventKind::kTableRemoved: return "table-removed";
    case EventKind::kIngest: return "ingest";
    case EventKind::kFamilyMade: return "family-made";
    case EventKind::kFamilyDropped: return "family-dropped";
    case EventKind::kFamilyRenamed: return "family-renamed";
    case EventKind::kWriteDelayBegin: return "write-delay-begin";
    case EventKind::kWriteDelayEnd: return "write-delay-end";
    case EventKind::kErrorLatched: return "error-latched";
    case EventKind::kErrorWaits: return "error-waits";
    case EventKind::kErrorCleared: return "error-cleared";
    case EventKind::kCheckpoint: return "checkpoint";
    case EventKind::kBackup: return "backup";
    case EventKind::kCursorLost: return "cursor-lost";
    case EventKind::kClockJump: return "clock-jump";
    case EventKind::kDurable: return "durable";
    case EventKind::kEventsLost: return "events-lost";
  }
  return "unknown";
}

std::string_view DelayCauseName(DelayCause cause) {
  switch (cause) {
    case DelayCause::kNone: return "none";
    case DelayCause::kLevel0: return "level-0";
    case DelayCause::kCompactionDebt: return "compaction-debt";
    case DelayCause::kFlush: return "flush";
    case DelayCause::kReaders: return "readers";
    case DelayCause::kMemtables: return "memtables";
  }
  return "unknown";
}

namespace engine {

void Deliver(Listener& listener, const Event& event) {
  listener.OnEvent(event);
  switch (event.kind) {
    case EventKind::kFlushBegin: return listener.OnFlushBegin(event);
    case EventKind::kFlushEnd: return listener.OnFlushEnd(event);
    case EventKind::kCompactionBegin: return listener.OnCompactionBegin(event);
    case EventKind::kCompactionEnd: return listener.OnCompactionEnd(event);
    case EventKind::kTableMade: return listener.OnTableMade(event);
    case EventKind::kTableRemoved: return listener.OnTableRemoved(event);
    case EventKind::kIngest: return listener.OnIngest(event);
    case EventKind::kFamilyMade: return listener.OnFamilyMade(event);
    case EventKind::kFamilyDropped: return listener.OnFamilyDropped(event);
    case EventKind::kFamilyRenamed: return listener.OnFamilyRenamed(event);
    case EventKind::kWriteDelayBegin: return listener.OnWriteDelayBegin(event);
    case EventKind::kWriteDelayEnd: return listener.OnWriteDelayEnd(event);
    case EventKind::kErrorLatched: return listener.OnErrorLatched(event);
    case EventKind::kErrorWaits: return listener.OnErrorWaits(event);
    case EventKind::kErrorCleared: return listener.OnErrorCleared(event);
    case EventKind::kCheckpoint: return listener.OnCheckpoint(event);
    case EventKind::kBackup: return listener.OnBackup(event);
    case EventKind::kCursorLost: return listener.OnCursorLost(event);
    case EventKind::kClockJump: return listener.OnClockJump(event);
    case EventKind::kDurable: return listener.OnDurable(event.value);
    case EventKind::kEventsLost: return listener.OnEventsLost(event.value);
  }
}

Status Events::Begin(std::shared_ptr<Listener> listener, io::Environment& environment) {
  if (listener == nullptr) return {};
  AMETHYST_ASSIGN(executor_, environment.NewExecutor(1));
  clock_ = &environment.clock();
  listener_ = std::move(listener);
  base::MutexLock lock(mutex_);
  finished_ = false;
  is_heard_.store(true, std::memory_order_relaxed);
  return {};
}

void Events::Number(Event* event) {
  event->number = ++number_;
  event->time = std::chrono::system_clock::time_point(clock_->WallTime());
}

void Events::Add(Event event) noexcept {
  base::MutexLock lock(mutex_);
  if (finished_) return;
  const size_t needed = lost_ == 0 ? 1 : 2;  // Those lost are told of first.
  const bool has_room = queue_.size() + needed <= kQueuedMax;
  bool is_queued = false;
  if (has_room) {
    base::DoIfPossible([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
      if (lost_ != 0) {
        queue_.push_back(LostEvent());
        lost_ = 0;
      }
      queue_.emplace_back();
      Number(&event);
      queue_.back() = std::move(event);
      is_queued = true;
    });
  }
  if (!is_queued) {
    ++number_;
    ++lost_;
  }
  if (!at_work_) Schedule();
}

void Events::AddLost() noexcept {
  base::MutexLock lock(mutex_);
  if (finished_) return;
  ++number_;
  ++lost_;
  if (!at_work_) Schedule();
}

Event Events::LostEvent() {
  Event event{.kind = EventKind::kEventsLost, .value = lost_};
  Number(&event);
  return event;
}

// Where there is no memory for a job the next event tries again, at the latest Finish.
void Events::Schedule() noexcept {
  base::DoIfPossible([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    executor_->Schedule(io::Priority::kCompaction, [this] { Work(); });
    at_work_ = true;
  });
}

bool Events::TakeNext(Event* event) {
  base::MutexLock lock(mutex_);
  if (!queue_.empty()) {
    *event = std::move(queue_.front());
    queue_.pop_front();
    return true;
  }
  if (lost_ != 0) {
    *event = LostEvent();
    lost_ = 0;
    return true;
  }
  at_work_ = false;
  ended_.NotifyAll();
  return false;
}

void Events::Work() noexcept {
  teller_.store(std::this_thread::get_id());
  for (Event event; TakeNext(&event);) base::DoIfPossible([&] { Deliver(*listener_, event); });
  teller_.store({});
}

void Events::Finish() noexcept {
  if (executor_ == nullptr) return;
  is_heard_.store(false, std::memory_order_relaxed);
  bool needs_work = false;
  {
    base::MutexLock lock(mutex_);
    finished_ = true;
    needs_work = !at_work_ && (!queue_.empty() || lost_ != 0);
    if (needs_work) Schedule();
    executor_->Wait(mutex_, ended_, [this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return !at_work_; });
    needs_work = !queue_.empty() || lost_ != 0;  // There is no memory for a job: then here.
    at_work_ = needs_work;
  }
  if (needs_work) Work();
  executor_.reset();
  listener_.reset();
}

}  // namespace engine
}  // namespace amethyst
