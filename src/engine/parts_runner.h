// The parts of one compaction, on this thread and those that are free. Thread safety: as RunAll says.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "base/containment.h"
#include "base/mutex.h"
#include "engine/workers.h"

namespace amethyst::engine {

// Calls run(0) … run(count - 1), on this thread, on idle background threads and, while no flush has work, on a spare
// one. A thread that is free takes the next, this one included, so it never waits for a part that nobody has begun.
// `run` must not throw.
class PartsRunner : public std::enable_shared_from_this<PartsRunner> {
 public:
  // `workers` outlive all their jobs.
  PartsRunner(Workers& workers, size_t count, std::function<void(size_t)> run)
      : workers_(workers), count_(count), run_(std::move(run)) {}

  static void RunAll(Workers& workers, size_t count, std::function<void(size_t)> run) {
    const auto runner = std::make_shared<PartsRunner>(workers, count, std::move(run));
    for (size_t helper = 1; helper < std::min<size_t>(count, workers.threads); ++helper) {
      base::DoIfPossible(
          [&] { workers.compactions->Schedule(io::Priority::kCompactionL0, [runner] { runner->Work(); }); });
    }
    runner->Work();
    base::MutexLock lock(runner->mutex_);
    workers.compactions->Wait(runner->mutex_, runner->finished_changed_, [&runner] { return runner->AllFinished(); });
  }

 private:
  bool AllFinished() const AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return finished_ == count_; }

  void Work() {
    do CallSpare();
    while (RunNext());
  }

  void CallSpare() {
    if (workers_.spare_threads == 0 || !workers_.flush_rests.load(std::memory_order_relaxed)) return;
    if (next_.load() + 1 >= count_ || spare_called_.exchange(true)) return;
    base::DoIfPossible([this] {
      workers_.compactions->Schedule(io::Priority::kCompactionL0,
                                     [runner = shared_from_this()] { runner->WorkAsSpare(); });
    });
  }

  void WorkAsSpare() {
    while (workers_.flush_rests.load(std::memory_order_relaxed) && RunNext()) {
    }
    spare_called_.store(false);
  }

  // False: there is no part left that nobody has begun.
  bool RunNext() AMETHYST_EXCLUDES(mutex_) {
    const size_t part = next_.fetch_add(1);
    if (part >= count_) return false;
    run_(part);
    base::MutexLock lock(mutex_);
    AMETHYST_ASSERT(finished_ < count_);
    if (++finished_ == count_) finished_changed_.NotifyAll();
    return true;
  }

  Workers& workers_;
  const size_t count_;
  const std::function<void(size_t)> run_;
  std::atomic<size_t> next_{0};  // The part to be taken next, by a thread that is free.
  std::atomic<bool> spare_called_{false};
  base::Mutex mutex_{base::LockRank::kCompactionParts};
  base::CondVar finished_changed_;
  size_t finished_ AMETHYST_GUARDED_BY(mutex_) = 0;
};

}  // namespace amethyst::engine
