// A mutex, its lock and a condition variable that Clang's thread-safety analysis understands.
//
// Fields name their lock with AMETHYST_GUARDED_BY, functions with AMETHYST_REQUIRES. Locks are taken in the order
// of their ranks, documented where each is declared; no I/O and no user code runs under one, but for the commit lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

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
  void Lock() AMETHYST_ACQUIRE() { mutex_.lock(); }
  void Unlock() AMETHYST_RELEASE() { mutex_.unlock(); }
  [[nodiscard]] bool TryLock() AMETHYST_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

  [[nodiscard]] std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
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
  // Lets go of `mutex`, sleeps until notified (or for no reason), and takes it again.
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
