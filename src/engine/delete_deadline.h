// Keeps Options::delete_deadline_s: what was deleted is gone from tables and log when the deadline is over.
//
// A delete goes through three stages. In the memtable and the log: when half of the deadline is over, both begin anew,
// and the flush removes the log so far. In a table, while the log still holds what it deletes, for a memtable that was
// full leaves its segment to the next: the same (WriteBuffer::earlier_delete_s). In tables alone: the planner moves
// them down (compaction/plan.h). Close does what is due. Snapshots and iterators keep what they can see.
//
// Thread safety: any thread; the deadline is kept by one at a time.
#pragma once

#include <memory>

#include "engine/committer.h"
#include "engine/core.h"

namespace amethyst::engine {

// Whether half of the deadline is over for something in the memtable or the log.
[[nodiscard]] bool LoggedDeletesAreDue(Core& core);

// For the periodic chores.
[[nodiscard]] Status KeepDeleteDeadline(Core& core, Committer& committer);

// For Close, once all is flushed and nothing runs: lets go of the log that is due, and compacts what is.
[[nodiscard]] Status FinishDueDeletes(const std::shared_ptr<Core>& core);

}  // namespace amethyst::engine
