// Applies writes: log first, then memtable, then visible; one at a time, in the order of their sequence numbers.
//
// Everything that can fail, except I/O, happens before the log has the record: room in the memtable is made first. A
// failed log write is latched; running out of space or memory is not, and consumes no sequence number. Only a
// comparator that throws can fail later: the entries then stay invisible, and the failure is latched, because the log
// holds what the memtable does not. Thread safety: any thread.
#pragma once

#include <atomic>
#include <list>
#include <span>

#include "engine/commit_queue.h"
#include "engine/health.h"
#include "engine/read_context.h"
#include "engine/storage.h"
#include "engine/write_buffers.h"

namespace amethyst::engine {

class Committer {
 public:
  struct Limits {
    size_t write_buffer_bytes = 0;
    WaitingLimits waiting{};
  };
  // Writes go to the view's active memtable, and on from the visible sequence. All of them outlive it.
  Committer(ReadContext& reads, Storage& storage, Health& health, const WriteBuffers& buffers, const Limits& limits);

  // What a commit leaves to do, without the commit lock.
  struct Outcome {
    Status status;
    wal::LogPosition end;
    bool needs_room = false;  // Nothing was done: for want of memory, or for want of space (`status`).
    bool switched = false;    // There is a memtable to flush.
    bool tick_rests = false;  // And has to be woken.
  };
  // A family that is not there, or not any more, refuses the batch, whole; so does its check.
  [[nodiscard]] Outcome Write(const EncodedBatch& batch, bool logged);
  // Puts what an ingest brings between the memtable so far and a fresh one, as one write. `make(first)` gives it, and
  // what the log is told of it: `count` sequence numbers from `first` on. It runs under the commit lock and changes
  // nothing; after its error nothing has changed.
  struct Layer {
    WriteBufferPtr buffer;  // Its memtable, and its tables.
    std::string record;
    uint32_t count = 0;
  };
  [[nodiscard]] Outcome PutLayer(base::FunctionRef<Result<Layer>(key::SequenceNumber first)> make);
  // Makes the memtable immutable unless it is empty, however many wait for flush already.
  [[nodiscard]] Status Switch() { return Switch(WithLog::kNo); }
  // And begins a log segment, so that flushing takes what is in memory out of the log too; also if the memtable is
  // empty and the log may hold what tables know as deleted. Does nothing where there is no room for a segment.
  [[nodiscard]] Status SwitchWithLog() { return Switch(WithLog::kYes); }
  // From the next memtable on; where it is to be smaller that comes at once. After an error nothing has changed.
  [[nodiscard]] Status SetLimits(const Limits& limits);
  // How far the caller's log was applied by the last write that says so. Under the commit lock.
  [[nodiscard]] const std::optional<AppliedIndex>& applied() const { return active_->applied; }
  // Runs `call` under the commit lock. An error is what it threw.
  [[nodiscard]] Status RunLocked(base::FunctionRef<void()> call);
  // The next commit wakes those who read the log (wal/log_readers.h). Any thread; a reader then looks at the log once
  // more before it sleeps. Else only a completed sync wakes them.
  void WakeReadersOnCommit() { after_commit_.fetch_or(kReaderWaits); }
  // While it rests, each commit tells its caller to wake the periodic tick. One that sets it under the commit lock
  // misses no later write.
  void NoteTickRests() { after_commit_.fetch_or(kTickRests); }
  void NoteTickWakes() { after_commit_.fetch_and(static_cast<uint8_t>(~kTickRests)); }
  // Lets go of the memtable and what it has reserved. The last call, after all others have returned.
  void Close() { active_.reset(); }

  void Serve(CommitRequest& request) noexcept;  // For the queue.

 private:
  enum class WithLog : uint8_t { kNo, kYes };

  [[nodiscard]] Status Switch(WithLog with_log);
  [[nodiscard]] Status Carry(CommitRequest& request);
  [[nodiscard]] Outcome Submit(CommitRequest& request);
  void SwitchTo(size_t capacity_bytes, WithLog with_log);
  [[nodiscard]] bool BeginSegment();
  [[nodiscard]] Status CheckApplied(const AppliedIndex& applied) const;
  [[nodiscard]] bool HasRoom(size_t memtable_bytes) const;
  // One more memtable may come to wait for flush.
  [[nodiscard]] bool MaySwitch(const View& view) const;
  [[nodiscard]] bool MakeRoom(size_t memtable_bytes);
  [[nodiscard]] Status PutLayerLocked(base::FunctionRef<Result<Layer>(key::SequenceNumber)> make, Outcome* outcome);
  void KeepReplaced(std::list<ViewPtr>* old);

  ReadContext& reads_;
  Storage& storage_;
  Health& health_;
  const WriteBuffers& buffers_;
  CommitQueue queue_;
  // The rest is under the commit lock.
  Limits limits_;
  WriteBufferPtr active_;
  uint64_t last_sequence_;
  // Views that switches replaced. The next caller that holds no lock retires them.
  base::Mutex replaced_mutex_{base::LockRank::kReplacedViews};
  std::list<ViewPtr> replaced_ AMETHYST_GUARDED_BY(replaced_mutex_);
  // What the thread that has committed finds to do, once it holds no lock: it clears them, except the last. A switch
  // sets the first, a reader the second, the tick the third.
  enum AfterCommit : uint8_t { kReplaced = 1, kReaderWaits = 2, kTickRests = 4 };
  std::atomic<uint8_t> after_commit_{0};
};

}  // namespace amethyst::engine
