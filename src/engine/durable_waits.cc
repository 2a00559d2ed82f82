#include "engine/durable_waits.h"

#include <algorithm>

#include "base/assert.h"
#include "base/containment.h"

namespace amethyst::engine {

Status DurableWaits::Sync(wal::LogPosition position) {
  AMETHYST_TRY(health_.latch.status());
  const auto start = clock_.Monotonic();
  if (Status synced = log_.Sync(position); !synced) {
    health_.FailUnlessItClears(synced.error());
    Look();
    return synced;
  }
  const auto elapsed = clock_.Monotonic() - start;
  statistics_.Record(Sample::kSyncUs, static_cast<uint64_t>(elapsed.count() / 1000));
  Look();
  return {};
}

void DurableWaits::Add(Waits* one, wal::LogPosition end) noexcept {
  AMETHYST_DCHECK(one->size() == 1);
  one->front().end = end;
  base::MutexLock lock(mutex_);
  AMETHYST_ASSERT(waits_.empty() || waits_.back().end <= end);
  if (one->front().asks) asked_ = end;
  waits_.splice(waits_.end(), *one);
  pending_.store(waits_.size());
}

void DurableWaits::Look() noexcept {
  if (!HasPending()) return;
  base::MutexLock lock(mutex_);
  if (!at_work_ && IsDue()) Schedule();
}

bool DurableWaits::IsDue() const {
  if (waits_.empty()) return false;
  return asked_ >= waits_.front().end || health_.latch.IsSet() || log_.durable_end() >= waits_.front().end;
}

void DurableWaits::Schedule() noexcept {
  base::DoIfPossible([this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    executor_.Schedule(io::Priority::kFlush, [this] { Work(); });
    at_work_ = true;
  });
}

void DurableWaits::Work() noexcept {
  while (Round()) {
  }
}

bool DurableWaits::Round() {
  wal::LogPosition asked;
  {
    base::MutexLock lock(mutex_);
    asked = asked_;
  }
  Status synced;
  if (asked > log_.durable_end()) synced = base::Contained([&] { return Sync(asked); });
  Waits durable, failed;
  {
    base::MutexLock lock(mutex_);
    // Not before the lock: who makes more durable, or adds something, finds a job at work, and leaves it to this one.
    TakeUpTo(log_.durable_end(), &durable);
    if (!synced) TakeUpTo(asked, &failed);
    if (health_.latch.IsSet()) failed.splice(failed.end(), waits_);
    if (asked_ <= asked) asked_ = {};  // Those who asked are among the two.
    pending_.store(waits_.size());
    if (durable.empty() && failed.empty() && !IsDue()) {
      at_work_ = false;
      ended_.NotifyAll();
      return false;
    }
  }
  Tell(durable, {});
  if (failed.empty()) return true;
  if (synced) synced = base::Contained([this] { return health_.latch.status(); });
  AMETHYST_ASSERT(!synced);
  Tell(failed, synced);
  return true;
}

void DurableWaits::TakeUpTo(wal::LogPosition end, Waits* to) {
  const auto behind = std::ranges::find_if(waits_, [end](const Wait& wait) { return wait.end > end; });
  to->splice(to->end(), waits_, waits_.begin(), behind);
}

void DurableWaits::Tell(const Waits& waits, const Status& status) {
  teller_.store(std::this_thread::get_id());
  for (const Wait& wait : waits) base::DoIfPossible([&] { wait.tell(status); });
  teller_.store({});
}

void DurableWaits::Finish() noexcept {
  {
    base::MutexLock lock(mutex_);
    if (waits_.empty() && !at_work_) return;
    if (!waits_.empty()) asked_ = waits_.back().end;
    if (!at_work_) Schedule();
    executor_.Wait(mutex_, ended_, [this]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return !at_work_; });
    if (waits_.empty()) return;
    at_work_ = true;  // There is no memory for a job: then here.
  }
  Work();
}

}  // namespace amethyst::engine
