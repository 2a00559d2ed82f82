// Whether what a transaction read still holds: at its commit, in two steps.
//
// First, with no lock, against all that was committed since the transaction began. The tree itself knows: memtables,
// tables and subtrees of tables say how new they are, so that the cost follows what was written since, not how much was
// read. Then, under the commit lock, against what was committed meanwhile. That is in memtables, which are asked
// directly; where they have been flushed already, the first step has to be taken again. Nothing is kept for it by
// anyone, so no transaction can come too late for a check.
//
// Compaction hides no conflict: what is newer than the transaction's snapshot keeps its newest version, or a tombstone
// of it; a key that was not there, and is not there any more, has not changed. What a compaction filter drops is not
// seen. Thread safety: one thread at a time; CheckRecent under the commit lock.
#pragma once

#include "amethyst/error.h"
#include "amethyst/write_batch.h"
#include "engine/read_context.h"
#include "transactions/read_set.h"

namespace amethyst::transactions {

class Validation {
 public:
  // `written`: puts and deletes of it count as if they had been read, too; nullptr: none. All of them outlive it.
  Validation(const engine::ReadContext& reads, const ReadSet& set, const WriteBatch* written, key::SequenceNumber since)
      : reads_(reads), set_(set), written_(written), checked_up_to_(since) {}

  // Both: kConflict, naming a key or range; kInvalidArgument: a family was dropped.
  [[nodiscard]] Status CheckAll();
  // May fall behind, with an error: then everything is to be done again, CheckAll first.
  [[nodiscard]] Status CheckRecent();
  [[nodiscard]] bool fell_behind() const { return fell_behind_; }

 private:
  enum class Sources : uint8_t { kAll, kMemtables };

  [[nodiscard]] Status Check(Sources sources);
  [[nodiscard]] Status CheckExpiry() const;

  const engine::ReadContext& reads_;
  const ReadSet& set_;
  const WriteBatch* const written_;
  key::SequenceNumber checked_up_to_;
  bool fell_behind_ = false;
};

}  // namespace amethyst::transactions
