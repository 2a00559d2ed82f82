#include "base/epoch.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <new>
#include <utility>

#include "base/fork.h"
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

  void Retire(std::move_only_function<void()> reclaim) {
    if (!Defer(&reclaim)) {
      WaitForReaders(AdvanceEpoch());
      reclaim();
      return;
    }
    {
      MutexLock lock(mutex_);
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
    WaitForReaders(epoch);
    RunBelow(epoch);
    EndSweep();
  }

  void BeforeFork() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { mutex_.native().lock(); }
  void InParent() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { mutex_.native().unlock(); }
  // Only the forking thread is here: the other readers are not inside, and nobody sweeps. What the parent retired is
  // left alone, for it may hang on locks that are taken for good.
  void InChild() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
    for (Record* record = records_.load(std::memory_order_relaxed); record != nullptr; record = record->next) {
      if (record == thread_state.record) continue;
      record->entered.store(0, std::memory_order_relaxed);
      record->taken.store(false, std::memory_order_relaxed);
    }
    std::construct_at(&sweep_ended_);  // The thread that waited on it is not here either.
    if (!running_deferred) sweeping_ = false;
    std::construct_at(&limbo_);
    next_sweep_size_ = kRetirementsPerSweep;
    mutex_.native().unlock();
  }

 private:
  struct Retired {
    uint64_t tag;  // The epoch in which it was retired: readers of this epoch or an older one may see it.
    std::move_only_function<void()> reclaim;
  };

  // False: there is no memory, and *reclaim is as it was.
  [[nodiscard]] bool Defer(std::move_only_function<void()>* reclaim) {
    MutexLock lock(mutex_);
    try {
      limbo_.emplace_back(global_epoch.load(std::memory_order_relaxed), std::move(*reclaim));
    } catch (const std::bad_alloc&) {
      return false;
    }
    return true;
  }

  // A thread that is inside leaves without waiting for anything, so this ends whatever locks the caller holds.
  void WaitForReaders(uint64_t epoch) const {
    while (OldestReader() < epoch) sched_yield();
  }

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
    running_deferred = true;
    while (std::move_only_function<void()> reclaim = TakeBelow(epoch)) reclaim();
    running_deferred = false;
  }

  // The oldest that was retired before `epoch`; empty if nothing was.
  [[nodiscard]] std::move_only_function<void()> TakeBelow(uint64_t epoch) {
    MutexLock lock(mutex_);
    AMETHYST_DCHECK(sweeping_);
    if (limbo_.empty() || limbo_.front().tag >= epoch) {  // Tags ascend.
      next_sweep_size_ = limbo_.size() + kRetirementsPerSweep;
      return nullptr;
    }
    std::move_only_function<void()> reclaim = std::move(limbo_.front().reclaim);
    limbo_.pop_front();
    return reclaim;
  }

  void EndSweep() {
    MutexLock lock(mutex_);
    sweeping_ = false;
    sweep_ended_.NotifyAll();
  }

  const bool has_membarrier_;
  std::atomic<Record*> records_{nullptr};  // Pushed with release by TakeRecord, acquired by everyone who walks it.
  Mutex mutex_{LockRank::kEpoch};          // Nothing is called under it.
  CondVar sweep_ended_;
  bool sweeping_ AMETHYST_GUARDED_BY(mutex_) = false;  // One thread sweeps and runs deferred functions at a time.
  std::deque<Retired> limbo_ AMETHYST_GUARDED_BY(mutex_);
  size_t next_sweep_size_ AMETHYST_GUARDED_BY(mutex_) = kRetirementsPerSweep;
};

// Never destroyed: threads may outlive static destruction.
Domain& TheDomain() {
  static Domain& domain = *[] {
    auto made = std::make_unique<Domain>();
    AddForkHandlers({.before = [] { TheDomain().BeforeFork(); },
                     .in_parent = [] { TheDomain().InParent(); },
                     .in_child = [] { TheDomain().InChild(); }});
    return made.release();
  }();
  return domain;
}

const MadeAtLoad domain_at_load(TheDomain);

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

void Retire(std::move_only_function<void()> reclaim) {
  AMETHYST_ASSERT(!InEpoch());  // I17
  epoch_internal::TheDomain().Retire(std::move(reclaim));
}

void SweepEpochs() {
  AMETHYST_ASSERT(!InEpoch());  // I17
  epoch_internal::TheDomain().Sweep();
}

void DrainEpochs() {
  AMETHYST_ASSERT(!InEpoch());  // I17
  epoch_internal::TheDomain().Drain();
}

}  // namespace amethyst::base
