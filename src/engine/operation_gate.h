// Counts the calls that are inside the engine, so that Close can wait for them.
//
// Reads that stay in their epoch do not pass the gate: they check IsClosed inside it, and Close drains the epochs. All
// that may block, write or read files holds an Operation. Thread safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "amethyst/error.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/mutex.h"
#include "io/environment.h"

namespace amethyst::engine {

class OperationGate {
 public:
  class Operation {
   public:
    explicit Operation(OperationGate& gate) : gate_(gate), entered_(gate.Enter()) {}
    ~Operation() {
      if (entered_) gate_.Leave();
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    // False: the engine is closed, and nothing may be done.
    explicit operator bool() const { return entered_; }

   private:
    OperationGate& gate_;
    const bool entered_;
  };

  [[nodiscard]] bool IsClosed() const { return (state_.load(std::memory_order_acquire) & kClosed) != 0; }

  // Lets nobody in any more.
  void Close() { state_.fetch_or(kClosed, std::memory_order_acq_rel); }
  // Lets nobody in any more, and returns once all are out. Once only.
  void CloseAndWait(io::Executor& executor) AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    state_.fetch_or(kClosed, std::memory_order_acq_rel);
    executor.Wait(mutex_, left_, [this] { return state_.load(std::memory_order_acquire) == kClosed; });
  }

 private:
  static constexpr uint64_t kClosed = uint64_t{1} << 63;

  bool Enter() {
    if ((state_.fetch_add(1, std::memory_order_acquire) & kClosed) == 0) return true;
    Leave();
    return false;
  }
  void Leave() {
    const uint64_t before = state_.fetch_sub(1, std::memory_order_release);
    AMETHYST_DCHECK((before & ~kClosed) > 0);
    if (before != (kClosed | 1)) return;
    base::MutexLock lock(mutex_);
    left_.NotifyAll();
  }

  std::atomic<uint64_t> state_{0};  // How many are inside, and kClosed; CloseAndWait waits for the last Leave.
  base::Mutex mutex_{base::LockRank::kOperations};  // For the wait alone.
  base::CondVar left_;
};

// What a call says that comes after Close.
[[nodiscard]] inline Status Closed() { return base::MakeError(ErrorCode::kClosed, "the database is closed"); }

}  // namespace amethyst::engine
