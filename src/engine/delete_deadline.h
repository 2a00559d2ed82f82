// Keeps Options::delete_deadline_s: what was deleted is gone from tables and log when the deadline is over.
//
// A delete goes through three stages. In the memtable and the log: when half of the deadline is over, both begin anew,
// and the flush removes the log so far. In a table, while the log still holds what it deletes, for a memtable that was
// full leaves its segment to the next: the same (WriteBuffer::earlier_delete_s). In tables alone: the planner moves
// them down (compaction/planner.h). Close does what is due. Snapshots and iterators keep what they can see.
//
// Thread safety: any thread; the deadline is kept by one at a time.
#pragma once

#include <cstdint>

#include "engine/committer.h"
#include "engine/compact.h"
#include "engine/flush.h"
#include "engine/health.h"
#include "engine/read_context.h"
#include "engine/storage.h"

namespace amethyst::engine {

class DeleteDeadline {
 public:
  // All of them outlive it.
  DeleteDeadline(Storage& storage, ReadContext& reads, Health& health, Flusher& flusher,
                 const base::Changeable<uint64_t>& deadline_s)
      : storage_(storage), reads_(reads), health_(health), flusher_(flusher), deadline_s_(deadline_s) {}

  [[nodiscard]] bool IsSet() const { return deadline_s_ != 0; }
  // Whether half of the deadline is over for something in the memtable or the log.
  [[nodiscard]] bool LoggedDeletesAreDue() const;
  // Whether there is anything that it will be over for.
  [[nodiscard]] bool IsPending() const;
  // For the periodic chores.
  [[nodiscard]] Status Keep(Committer& committer);
  // For Close, once all is flushed and nothing runs: lets go of the log that is due, and compacts what is.
  [[nodiscard]] Status Finish(Compactor& compactor);

 private:
  [[nodiscard]] Status NoteTime();

  Storage& storage_;
  ReadContext& reads_;
  Health& health_;
  Flusher& flusher_;
  const base::Changeable<uint64_t>& deadline_s_;  // 0: deletes have no deadline.
};

}  // namespace amethyst::engine
