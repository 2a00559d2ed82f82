// Who commits next: one short lock that newcomers may barge into, and combining.
//
// A thread that finds the lock taken queues its request; the holder serves what is queued before it leaves (flat
// combining, Hendler et al. 2010), at most 32 requests or 64 KiB a turn but always one, and then names the first of the
// rest leader, who sleeps until the lock is free. So under contention one thread commits for many, a wake-up is never
// on the path of one that finds the lock free, and a request waits for as many turns as it has others before it at the
// most. Thread safety: any thread. The commit lock, base::LockRank::kCommit, is held while the log is written.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "amethyst/applied.h"
#include "amethyst/error.h"
#include "base/function_ref.h"
#include "base/mutex.h"
#include "key/types.h"
#include "wal/batch_encoding.h"
#include "wal/log.h"

namespace amethyst::engine {

// An encoded, valid batch, and what committing it has to know.
struct EncodedBatch {
  std::string_view payload;
  const wal::BatchEntry* only = nullptr;  // Its one entry, which then is not read from the payload; no range delete.
  uint32_t count = 0;
  // Most arena bytes that its entries take, by Memtable::BytesFor, and kFamilyBytes a family.
  size_t memtable_bytes = 0;
  std::span<const key::FamilyId> families{};  // Other than the default, that it has entries of: each once.
  bool holds_ranges = false;                  // It has range deletes.
  const AppliedIndex* applied = nullptr;      // Of the caller's log; nullptr: it does not say.
  // Asked right before the write, with no other in between; an error refuses the batch. nullptr: there is nothing to
  // ask.
  base::FunctionRef<Status()>* check = nullptr;
  // Called once the write is visible, still with no other in between; must not fail. nullptr: nothing is called.
  struct Place {
    wal::LogPosition end;  // Of its record, if it is logged.
    key::SequenceNumber last;
  };
  base::FunctionRef<void(const Place&)>* committed = nullptr;
};

// One thing to do under the commit lock: a write, or else a call. Lives on the stack of the thread that waits for it.
struct CommitRequest {
  // A write.
  EncodedBatch batch;
  bool logged = true;
  // Or a call.
  base::FunctionRef<void()>* call = nullptr;

  // The outcome.
  Status status;
  wal::LogPosition end;     // Of its record, if it is logged.
  bool needs_room = false;  // Nothing was done: too many memtables wait for flush, or (status) the disk is full.

  // For the queue.
  enum State : uint32_t { kQueued, kLead, kDone };
  std::atomic<uint32_t> state{State::kQueued};  // Goes forward only; set by the lock's holder, waited for by the owner.
  CommitRequest* next = nullptr;
};

class CommitQueue {
 public:
  // server->Serve(request) carries out one request; called by one thread at a time.
  template <typename Server>
  explicit CommitQueue(Server* server)
      : server_(server), serve_([](void* s, CommitRequest& request) { static_cast<Server*>(s)->Serve(request); }) {}

  // Returns once `request` has been served, by this thread or another.
  void Submit(CommitRequest& request);

 private:
  static constexpr uint32_t kTurnRequestsMax = 32;
  static constexpr size_t kTurnBytesMax = size_t{64} << 10;
  struct Turn {
    uint32_t requests = 0;
    size_t bytes = 0;
    [[nodiscard]] bool IsOver() const { return requests >= kTurnRequestsMax || bytes >= kTurnBytesMax; }
  };

  [[nodiscard]] bool TryLock() { return held_.load(std::memory_order_relaxed) == 0 && held_.exchange(1) == 0; }
  // With the lock held:
  void ServeOne(CommitRequest& request, Turn* turn);
  void CollectPending();
  // Serves what waits, while `turn` lasts, and unlocks, leaving nobody behind unserved without a leader.
  void FinishTurn(Turn turn);
  // Queues and waits until the request is served (false), or the lock is held and the request is still queued (true).
  [[nodiscard]] bool WaitOrLead(CommitRequest& request);

  void* const server_;
  void (*const serve_)(void*, CommitRequest&);
  // The lock, and a stack of new requests. Both sequentially consistent: a thread that queues and then finds the lock
  // taken is seen by the holder, who unlocks and then looks at the stack.
  alignas(64) std::atomic<uint32_t> held_{0};  // 1: taken. The named leader sleeps on it.
  alignas(64) std::atomic<CommitRequest*> pending_{nullptr};
  // Older requests in order of arrival; only with the lock held.
  CommitRequest* backlog_first_ = nullptr;
  CommitRequest* backlog_last_ = nullptr;
};

}  // namespace amethyst::engine
