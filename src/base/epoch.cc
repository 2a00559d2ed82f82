#include "base/epoch.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/sanitizer.h"

namespace amethyst::base {
namespace epoch_internal {

constinit thread_local ThreadState thread_state;

namespace {

// A look at all threads costs a system call and an interrupt of each: shared by this many retirements.
constexpr size_t kRetirementsPerSweep = 64;

// Set while the thread runs deferred functions: what they retire waits for the next sweep instead of recursing.
constinit thread_local bool running_deferred = false;

long Membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0); }

// Whether the reclaimer can make all threads of the process pass a full fence (Linux 4.14). The thread sanitizer
// builds use the other way, so that it is exercised too.
bool RegisterMembarrier() {
#if AMETHYST_THREAD_SANITIZER
  return false;
#else
  return Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
#endif
}

class Domain {
 public:
  Domain() : has_membarrier_(RegisterMembarrier()) {}

  [[nodiscard]] bool has_membarrier() const { return has_membarrier_; }

  Record* TakeRecord() {
    for (Record* record = records_.load(std::memory_order_acquire); record != nullptr; record = record->next) {
      bool taken = false;
      if (record->taken.compare_exchange_strong(taken, true, std::memory_order_acquire)) return record;
    }
    auto* record = new Record;  // Lives as long as the process.
    record->next = records_.load(std::memory_order_relaxed);
    while (!records_.compare_exchange_weak(record->next, record, std::memory_order_release)) {
    }
    return record;
  }

  void Retire(std::function<void()> reclaim) {
    {
      MutexLock lock(mutex_);
      limbo_.push_back({.tag = global_epoch.load(std::memory_order_relaxed), .reclaim = std::move(reclaim)});
      if (limbo_.size() < next_sweep_size_) return;
    }
    Sweep();
  }

  void Sweep() {
    {
      MutexLock lock(mutex_);
      if (limbo_.empty() || sweeping_ || running_deferred) return;
      sweeping_ = true;
    }
    AdvanceEpoch();
    RunBelow(OldestReader());
    EndSweep();
  }

  void Drain() {
    AMETHYST_ASSERT(!running_deferred);
    {
      MutexLock lock(mutex_);
      while (sweeping_) sweep_ended_.Wait(mutex_);
      sweeping_ = true;
    }
    const uint64_t epoch = AdvanceEpoch();
    while (OldestReader() < epoch) sched_yield();
    RunBelow(epoch);
    EndSweep();
  }

 private:
  struct Retired {
    uint64_t tag;  // The epoch in which it was retired: readers of this epoch or an older one may see it.
    std::function<void()> reclaim;
  };

  // Opens a new epoch, which it returns, and orders it against all readers: one whose entry OldestReader does not see
  // from now on will see everything unlinked before this call.
  uint64_t AdvanceEpoch() {
    uint64_t epoch;
    {
      MutexLock lock(mutex_);
      epoch = global_epoch.load(std::memory_order_relaxed) + 1;
      global_epoch.store(epoch, std::memory_order_release);
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);  // Pairs with the readers' fence where there is no membarrier.
    if (has_membarrier_) AMETHYST_ASSERT(Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0);
    return epoch;
  }

  // The smallest epoch of any reader inside; the current one if there is none.
  [[nodiscard]] uint64_t OldestReader() const {
    uint64_t oldest = global_epoch.load(std::memory_order_relaxed);
    for (Record* record = records_.load(std::memory_order_acquire); record != nullptr; record = record->next) {
      const uint64_t entered = record->entered.load(std::memory_order_acquire);
      if (entered != 0 && entered < oldest) oldest = entered;
    }
    return oldest;
  }

  // Runs what was retired before `epoch`. Only while sweeping.
  void RunBelow(uint64_t epoch) {
    std::vector<Retired> expired;
    {
      MutexLock lock(mutex_);
      AMETHYST_DCHECK(sweeping_);
      size_t count = 0;  // Tags ascend.
      while (count < limbo_.size() && limbo_[count].tag < epoch) ++count;
      const auto end = limbo_.begin() + static_cast<ptrdiff_t>(count);
      expired.assign(std::make_move_iterator(limbo_.begin()), std::make_move_iterator(end));
      limbo_.erase(limbo_.begin(), end);
      next_sweep_size_ = limbo_.size() + kRetirementsPerSweep;
    }
    running_deferred = true;
    for (Retired& retired : expired) {
      retired.reclaim();
      retired.reclaim = nullptr;  // What it captured goes now, too.
    }
    running_deferred = false;
  }

  void EndSweep() {
    MutexLock lock(mutex_);
    sweeping_ = false;
    sweep_ended_.NotifyAll();
  }

  const bool has_membarrier_;
  std::atomic<Record*> records_{nullptr};  // Pushed with release by TakeRecord, acquired by everyone who walks it.
  Mutex mutex_;                            // Innermost: nothing is called under it.
  CondVar sweep_ended_;
  bool sweeping_ AMETHYST_GUARDED_BY(mutex_) = false;  // One thread sweeps and runs deferred functions at a time.
  std::vector<Retired> limbo_ AMETHYST_GUARDED_BY(mutex_);
  size_t next_sweep_size_ AMETHYST_GUARDED_BY(mutex_) = kRetirementsPerSweep;
};

// Never destroyed: threads may outlive static destruction.
Domain& TheDomain() {
  static Domain& domain = *new Domain;
  return domain;
}

// Gives the thread's record back when the thread ends.
struct ThreadExit {
  ~ThreadExit() {
    AMETHYST_ASSERT(thread_state.depth == 0);
    std::exchange(thread_state.record, nullptr)->taken.store(false, std::memory_order_release);
  }
};

}  // namespace

void RegisterThread() {
  thread_state.record = TheDomain().TakeRecord();
  thread_state.reader_fences = !TheDomain().has_membarrier();
  static thread_local ThreadExit thread_exit;
  static_cast<void>(thread_exit);
}

}  // namespace epoch_internal

void Retire(std::function<void()> reclaim) {
  AMETHYST_ASSERT(!InEpoch());
  epoch_internal::TheDomain().Retire(std::move(reclaim));
}

void SweepEpochs() {
  AMETHYST_ASSERT(!InEpoch());
  epoch_internal::TheDomain().Sweep();
}

void DrainEpochs() {
  AMETHYST_ASSERT(!InEpoch());
  epoch_internal::TheDomain().Drain();
}

}  // namespace amethyst::base
