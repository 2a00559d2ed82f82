// All that a database needs of its surroundings: files, time and threads. A simulation replaces the whole of it.
// Thread safety: any thread at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/function_ref.h"
#include "base/mutex.h"
#include "io/file_system.h"

namespace amethyst::io {

class Clock {
 public:
  virtual ~Clock() = default;
  // Since an arbitrary start; never goes back.
  [[nodiscard]] virtual std::chrono::nanoseconds Monotonic() = 0;
  // The same to some milliseconds, for less.
  [[nodiscard]] virtual std::chrono::nanoseconds CoarseMonotonic() { return Monotonic(); }
  // Since 1970; may jump either way.
  [[nodiscard]] virtual std::chrono::milliseconds WallTime() = 0;
  virtual void Sleep(std::chrono::microseconds duration) = 0;
  // The processor time that the calling thread has used; a simulation counts none.
  [[nodiscard]] virtual std::chrono::nanoseconds ThreadCpu() { return {}; }
};

// Which waiting job starts first.
enum class Priority : uint8_t { kFlush, kCompactionL0, kCompaction };
inline constexpr size_t kPriorities = 3;

struct PeriodicJob {
  virtual ~PeriodicJob() = default;  // Waits for a run in progress.
  // Runs again from an interval later on, where it rests. Any thread. kOutOfMemory: there is no thread for it.
  [[nodiscard]] virtual Status Wake() { return {}; }
  // Called by the job: this run is the last one until somebody wakes it, be it while this run goes on. A simulation
  // goes on with it.
  virtual void Rest() {}
};

// Runs background jobs, and is the only way in which the engine waits for something that a job or another thread must
// do.
class Executor {
 public:
  virtual ~Executor() = default;  // Runs or has run every job; none is left.

  // Throws std::bad_alloc; the job then does not run. A job must not throw.
  virtual void Schedule(Priority priority, std::function<void()> job) = 0;
  // Runs `job` every `interval` on a thread of its own kind, until the returned handle is destroyed (which waits for a
  // run in progress). A simulation runs it when it advances its clock. kOutOfMemory: there is no thread to be had.
  [[nodiscard]] virtual Result<std::unique_ptr<PeriodicJob>> ScheduleEvery(std::chrono::milliseconds interval,
                                                                           std::function<void()> job) = 0;
  // The same, of a job that rests at first.
  [[nodiscard]] virtual Result<std::unique_ptr<PeriodicJob>> ScheduleOnWake(std::chrono::milliseconds interval,
                                                                            std::function<void()> job) {
    return ScheduleEvery(interval, std::move(job));
  }
  // Returns once ready() holds, which is evaluated with `mutex` held (held on entry and return). The thread that makes
  // it true notifies `condition` under the mutex. A single-threaded executor runs jobs here instead of sleeping.
  virtual void Wait(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready)
      AMETHYST_REQUIRES(mutex) = 0;
  // The same for `timeout` at the most, which 0 makes a look: false if it ran out with ready() false. A simulation
  // moves its clock on.
  virtual bool WaitFor(base::Mutex& mutex, base::CondVar& condition, base::FunctionRef<bool()> ready,
                       std::chrono::microseconds timeout) AMETHYST_REQUIRES(mutex) = 0;
  [[nodiscard]] virtual uint32_t thread_count() const = 0;
  // So many jobs may run at once from then on, at least one; those that run go on. One that cannot stays as it is.
  virtual void SetThreadCount(uint32_t /*threads*/) {}
};

class Environment {
 public:
  virtual ~Environment() = default;
  [[nodiscard]] virtual FileSystem& files() = 0;
  [[nodiscard]] virtual Clock& clock() = 0;
  // An executor of one database's own, which runs that many jobs at once, on threads that are started when they are
  // needed. A simulation may have none: Executor::thread_count tells how many it pretends to have.
  [[nodiscard]] virtual Result<std::unique_ptr<Executor>> NewExecutor(uint32_t threads) = 0;
};

// `base` with the files of one directory: see FileSystem::OpenDirectory.
[[nodiscard]] Result<std::shared_ptr<Environment>> OpenDirectory(std::shared_ptr<Environment> base,
                                                                 const std::string& directory);

}  // namespace amethyst::io
