// The threads of a process, which all its executors share: started when a job finds none that is free, ended when there
// has been nothing to do for a while.
//
// So a database that rests has no thread, and hundreds of them need no more than the jobs of the moment. A thread that
// is about to end looks for work under the same lock under which work is added: a job is either seen by it, or finds it
// gone. Periodic jobs come first; while one is armed, one thread watches for its time, and a watcher that takes a job
// has another one take its place. With the last queue all threads end, and are joined.
//
// Where the system gives no thread, jobs wait for one; those who wait for a job then run one (Help).
// A forked child has none of the threads and begins with an empty pool; queues and timers of the parent are not to be
// used there. Thread safety: any thread at once. Jobs run without the lock, and must not throw.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <thread>

#include "base/mutex.h"
#include "io/environment.h"

namespace amethyst::io {

class ThreadPool {
 public:
  // Jobs of which at most `limit` run at once, the most urgent first. Its fields are the pool's, under its lock.
  struct Queue {
    uint32_t limit = 1;
    std::array<std::deque<std::function<void()>>, kPriorities> waiting{};
    uint32_t running = 0;
    std::list<Queue*> place{};  // Its node of ready_, while it is not there.
  };
  // A job that runs again and again while it is armed. As Queue.
  struct Timer {
    std::chrono::milliseconds interval{};
    std::function<void()> job;
    std::chrono::steady_clock::time_point due{};
    bool armed = false;
    bool running = false;
    bool rests = false;         // The run under way has asked for it, and nobody has armed it since.
    std::list<Timer*> place{};  // Its node of armed_, while it is not there.
  };

  ThreadPool() = default;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  // Never destroyed.
  [[nodiscard]] static ThreadPool& OfProcess();

  void Add(Queue& queue) AMETHYST_EXCLUDES(mutex_);
  // Returns once all its jobs have run; some run here. It has no timers any more.
  void Remove(Queue& queue) noexcept AMETHYST_EXCLUDES(mutex_);
  // Throws std::bad_alloc: then the job does not run.
  void Schedule(Queue& queue, Priority priority, std::function<void()> job) AMETHYST_EXCLUDES(mutex_);
  // Jobs that run already go on, and so may a few of those that were about to.
  void SetLimit(Queue& queue, uint32_t limit) AMETHYST_EXCLUDES(mutex_);
  // Runs one job, of any queue, if no thread is free and none can be started: all others may wait as the caller does.
  // False: there is one, or nothing to be done.
  bool Help() AMETHYST_EXCLUDES(mutex_);

  // The timer runs from an interval later on, if it does not so already. False: there is no thread for it.
  [[nodiscard]] bool Arm(Timer& timer) AMETHYST_EXCLUDES(mutex_);
  // By its job: it does not run again until it is armed. An Arm since the run began goes before.
  void Rest(Timer& timer) AMETHYST_EXCLUDES(mutex_);
  // Waits for a run in progress.
  void Disarm(Timer& timer) AMETHYST_EXCLUDES(mutex_);

 private:
  using SteadyClock = std::chrono::steady_clock;
  // Also with hundreds of databases that all have work.
  static constexpr size_t kThreadsMax = 80;
  static constexpr size_t kTimersMax = 16;  // That run at once.
  // How long a thread waits for work. Where a timer is armed there will be some, a second later at the latest.
  static constexpr std::chrono::milliseconds kRest{100};
  static constexpr std::chrono::milliseconds kRestBetweenTicks{1500};

  void Work(uint64_t generation) AMETHYST_EXCLUDES(mutex_);
  // One piece of work that can be done now; without the lock meanwhile. False: there is none.
  [[nodiscard]] bool DoSome() AMETHYST_REQUIRES(mutex_);
  void RunTimer(Timer& timer) AMETHYST_REQUIRES(mutex_);
  void RunJob(Queue& queue) AMETHYST_REQUIRES(mutex_);
  // False: the thread has rested for long enough.
  [[nodiscard]] bool WaitForWork() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Timer* DueTimer() AMETHYST_REQUIRES(mutex_);
  // The queue whose job is to start next: one with a flush, or else the one that has waited longest.
  [[nodiscard]] Queue* NextQueue() AMETHYST_REQUIRES(mutex_);
  void List(Queue& queue) AMETHYST_REQUIRES(mutex_);
  // Whether a timer is armed for which no thread watches.
  [[nodiscard]] bool NeedsWatcher() const AMETHYST_REQUIRES(mutex_);
  // Wakes or starts a thread for work that was added. False: there is none, not even a busy one.
  bool CallThread() AMETHYST_REQUIRES(mutex_);
  // The same for what a thread leaves that goes to work, or ends.
  void CallForTheRest() AMETHYST_REQUIRES(mutex_);
  bool StartThread() AMETHYST_REQUIRES(mutex_);

  base::Mutex mutex_{base::LockRank::kExecutor};
  base::CondVar work_;      // For threads that wait for a job.
  base::CondVar watch_;     // For the one that waits for a timer.
  base::CondVar finished_;  // A job, or a run of a timer.
  std::list<std::thread> threads_ AMETHYST_GUARDED_BY(mutex_);
  std::list<std::thread> ended_ AMETHYST_GUARDED_BY(mutex_);  // To be joined.
  std::list<Queue*> ready_ AMETHYST_GUARDED_BY(mutex_);       // Those with a job that may start.
  std::list<Timer*> armed_ AMETHYST_GUARDED_BY(mutex_);       // And not running.
  size_t queues_ AMETHYST_GUARDED_BY(mutex_) = 0;
  size_t idle_ AMETHYST_GUARDED_BY(mutex_) = 0;  // Threads that wait on work_.
  size_t timers_running_ AMETHYST_GUARDED_BY(mutex_) = 0;
  bool watched_ AMETHYST_GUARDED_BY(mutex_) = false;     // A thread waits on watch_.
  uint64_t generation_ AMETHYST_GUARDED_BY(mutex_) = 0;  // Threads of earlier ones end.
};

}  // namespace amethyst::io
