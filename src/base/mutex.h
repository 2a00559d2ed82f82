// A mutex, its lock and a condition variable that Clang's thread-safety analysis understands.
//
// Fields name their lock with AMETHYST_GUARDED_BY, functions with AMETHYST_REQUIRES. Each mutex has a rank; locks are
// taken in the order of their ranks, which debug builds check (lock_rank.h). No user code runs under a lock, and no
// I/O, except where its rank says so: a comparator under kCatalog, the logger under kClose.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/lock_rank.h"

#if defined(__clang__)
#define AMETHYST_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define AMETHYST_THREAD_ATTRIBUTE(x)
#endif

#define AMETHYST_CAPABILITY(x) AMETHYST_THREAD_ATTRIBUTE(capability(x))
#define AMETHYST_SCOPED_CAPABILITY AMETHYST_THREAD_ATTRIBUTE(scoped_lockable)
#define AMETHYST_GUARDED_BY(x) AMETHYST_THREAD_ATTRIBUTE(guarded_by(x))
#define AMETHYST_REQUIRES(...) AMETHYST_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define AMETHYST_EXCLUDES(...) AMETHYST_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define AMETHYST_ACQUIRE(...) AMETHYST_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define AMETHYST_RELEASE(...) AMETHYST_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define AMETHYST_TRY_ACQUIRE(...) AMETHYST_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define AMETHYST_RETURN_CAPABILITY(x) AMETHYST_THREAD_ATTRIBUTE(lock_returned(x))
#define AMETHYST_NO_THREAD_SAFETY_ANALYSIS AMETHYST_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace amethyst::base {

class AMETHYST_CAPABILITY("mutex") Mutex {
 public:
  explicit constexpr Mutex(LockRank rank) : rank_(rank) {}

  void Lock() AMETHYST_ACQUIRE() {
    rank_.CheckOrder();
    mutex_.lock();
    rank_.NoteTaken();
  }
  void Unlock() AMETHYST_RELEASE() {
    rank_.NoteReleased();
    mutex_.unlock();
  }
  // Does not wait, so that it may be called out of order.
  [[nodiscard]] bool TryLock() AMETHYST_TRY_ACQUIRE(true) {
    const bool taken = mutex_.try_lock();
    if (taken) rank_.NoteTaken();
    return taken;
  }

  [[nodiscard]] std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
  [[no_unique_address]] RankedLock rank_;
};

// Holds a mutex for a scope; may let go and take it again in between.
class AMETHYST_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) AMETHYST_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() AMETHYST_RELEASE() {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() AMETHYST_RELEASE() {
    held_ = false;
    mutex_.Unlock();
  }
  void Lock() AMETHYST_ACQUIRE() {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

class CondVar {
 public:
  // Lets go of `mutex`, sleeps until notified (or for no reason), and takes it again. The thread keeps its rank
  // meanwhile: it takes no other lock while it sleeps.
  void Wait(Mutex& mutex) AMETHYST_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.native(), std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // As Wait, for `timeout` at the most. False: it ran out.
  bool WaitFor(Mutex& mutex, std::chrono::microseconds timeout) AMETHYST_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.native(), std::adopt_lock);
    const bool notified = condition_.wait_for(lock, timeout) == std::cv_status::no_timeout;
    lock.release();
    return notified;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace amethyst::base
