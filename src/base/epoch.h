// Epoch-based reclamation (Fraser 2004): readers of shared memory announce themselves, and what was
// unlinked is freed only when every reader that could have seen it has left.
//
// One domain for the process. Enter costs a store to a thread's own cache line; the reclaimer pays for the
// ordering with membarrier(2) where the kernel has it, else readers use a full fence. NOTHING BLOCKS INSIDE AN EPOCH:
// no I/O, no lock wait, no user code, for one sleeping reader holds up all reclamation.
//
//   { base::EpochGuard guard;  View* view = view_.load(); ... }
//   base::Retire([old] { delete old; });
//
// Invariants: the epoch grows only under the domain's lock, so a reader that entered with an epoch above an item's tag
// has seen the item unlinked; an item is freed once every reader inside has an epoch above its tag.
//
// In a forked child the readers and the retired memory of the parent's other threads are forgotten.
//
// Thread safety: all of it. Guards nest. Deferred functions run on whichever thread retires or drains, outside all
// locks of the domain, one after the other, and may retire more.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/assert.h"

namespace amethyst::base {

namespace epoch_internal {

// One per thread that ever entered; a finished thread's is taken over by a new one, none is ever freed.
struct alignas(64) Record {
  std::atomic<uint64_t> entered{0};  // Epoch at Enter, 0 outside; released by its thread, acquired by the reclaimer.
  std::atomic<bool> taken{true};     // A living thread owns it: acquired by the next owner, released by the last.
  Record* next = nullptr;            // Constant once the record is published.
};

struct ThreadState {
  Record* record = nullptr;
  uint32_t depth = 0;
  bool reader_fences = true;  // False where the reclaimer's membarrier(2) orders readers for them.
};

// Released by the reclaimer after what came before was unlinked, acquired by readers. Starts at 1: 0 is "outside".
alignas(64) inline constinit std::atomic<uint64_t> global_epoch{1};

#define AMETHYST_INITIAL_EXEC_TLS __attribute__((tls_model("initial-exec")))
extern constinit thread_local ThreadState thread_state AMETHYST_INITIAL_EXEC_TLS;

// Gives the calling thread a record, until it ends. Throws std::bad_alloc.
void RegisterThread();

}  // namespace epoch_internal

class EpochGuard {
 public:
  EpochGuard() : state_(epoch_internal::thread_state) {
    if (state_.depth != 0) {
      ++state_.depth;
      return;
    }
    if (state_.record == nullptr) [[unlikely]] {
      epoch_internal::RegisterThread();
    }
    state_.depth = 1;  // Not before the thread has a record, for which there may be no memory.
    // Release, so that a reclaimer that sees this entry also sees that the thread's earlier visits are over.
    state_.record->entered.store(epoch_internal::global_epoch.load(std::memory_order_acquire),
                                 std::memory_order_release);
    // The entry must be visible before anything shared is loaded.
    if (state_.reader_fences) [[unlikely]] {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
  ~EpochGuard() {
    AMETHYST_DCHECK(state_.depth > 0 && &state_ == &epoch_internal::thread_state);
    if (--state_.depth == 0) state_.record->entered.store(0, std::memory_order_release);
  }
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;

 private:
  epoch_internal::ThreadState& state_;
};

// Whether this thread is inside an epoch, for assertions before anything that blocks.
[[nodiscard]] inline bool InEpoch() { return epoch_internal::thread_state.depth != 0; }

// Runs `reclaim` once every guard that exists now is gone. A later call runs it: every 64th Retire looks through all
// waiting functions, and a caller that retires something large may call DrainEpochs. Not inside an epoch. Never fails.
// It blocks only if there is no memory to keep the function; it then waits for the guards itself. A function that
// captures no more than a shared_ptr needs no memory.
void Retire(std::move_only_function<void()> reclaim);

// Runs at once what was retired and no guard can see any more, unless another thread is at it. Not inside an epoch.
// Never blocks.
void SweepEpochs();

// Waits until every guard that exists now is gone and everything retired before has run. Not inside an epoch, and not
// from a deferred function.
void DrainEpochs();

}  // namespace amethyst::base
