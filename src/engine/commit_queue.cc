#include "engine/commit_queue.h"

#include <utility>

#include "base/assert.h"
#include "base/wait.h"

namespace amethyst::engine {

namespace {

using State = CommitRequest::State;

constexpr int kSpins = 200;

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

void CommitQueue::Submit(CommitRequest& request) {
  Turn turn;
  if (TryLock()) {
    turn = {.requests = 1, .bytes = request.batch.payload.size()};
    serve_(server_, request);
  } else {
    if (!WaitOrLead(request)) return;
    CollectPending();
    while (request.state.load(std::memory_order_relaxed) != State::kDone) {
      CommitRequest& first = *backlog_first_;
      backlog_first_ = first.next;
      ServeOne(first, &turn);
    }
  }
  FinishTurn(turn);
}

bool CommitQueue::WaitOrLead(CommitRequest& request) {
  request.next = pending_.load(std::memory_order_relaxed);
  while (!pending_.compare_exchange_weak(request.next, &request)) {
  }
  for (;;) {
    for (int i = 0; i < kSpins; ++i) {
      if (request.state.load(std::memory_order_acquire) == State::kDone) return false;
      if (TryLock()) return true;
      Pause();
    }
    if (held_.exchange(1) == 0) return true;
    // The named leader sleeps on the lock, for a holder that unlocks owes it no further sign; everybody else on its own
    // state. A state only goes forward, so no sign is lost between this look and the sleep.
    switch (request.state.load(std::memory_order_acquire)) {
      case State::kDone: return false;
      case State::kLead: base::WaitWhile(held_, 1); break;
      case State::kQueued: base::WaitWhile(request.state, State::kQueued); break;
    }
  }
}

void CommitQueue::ServeOne(CommitRequest& request, Turn* turn) {
  AMETHYST_DCHECK(held_.load(std::memory_order_relaxed) == 1);
  AMETHYST_DCHECK(request.state.load(std::memory_order_relaxed) != State::kDone);  // Each is served once.
  ++turn->requests;
  turn->bytes += request.batch.payload.size();
  serve_(server_, request);
  // The owner may return, and its request vanish, as soon as it sees kDone: the notification needs only the address.
  std::atomic<uint32_t>& state = request.state;
  state.store(State::kDone, std::memory_order_release);
  base::WakeOne(state);
}

void CommitQueue::CollectPending() {
  CommitRequest* newest = pending_.exchange(nullptr);
  CommitRequest* oldest = nullptr;
  CommitRequest* const last = newest;
  while (newest != nullptr) {  // The stack has the newest on top: turn it round.
    CommitRequest* const older = std::exchange(newest->next, oldest);
    oldest = std::exchange(newest, older);
  }
  if (oldest == nullptr) return;
  AMETHYST_DCHECK(last->next == nullptr);
  (backlog_first_ == nullptr ? backlog_first_ : backlog_last_->next) = oldest;
  backlog_last_ = last;
}

void CommitQueue::FinishTurn(Turn turn) {
  do {
    CollectPending();
    // At least one, however long the turn was: so a thread that waits is served after as many turns as it has requests
    // before it, at the most.
    for (bool served = false; backlog_first_ != nullptr && !(served && turn.IsOver()); served = true) {
      CommitRequest& first = *backlog_first_;
      backlog_first_ = first.next;
      ServeOne(first, &turn);
    }
    if (backlog_first_ != nullptr) {
      std::atomic<uint32_t>& state = backlog_first_->state;
      state.store(State::kLead);
      base::WakeOne(state);
    }
    AMETHYST_DCHECK(held_.load(std::memory_order_relaxed) == 1);
    held_.store(0);
    base::WakeAll(held_);
  } while (pending_.load() != nullptr && TryLock());
}

}  // namespace amethyst::engine
