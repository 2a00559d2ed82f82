// Whether what a transaction read still holds: at its commit, in two steps.
//
// First, with no lock, against all that was committed since the transaction began. The tree itself knows: memtables,
// tables and subtrees of tables say how new they are, so that the cost follows what was written since, not how much was
// read. Then, under the commit lock, against what was committed meanwhile. That is in memtables: keys are looked up;
// for ranges the records are walked that came since, for a memtable has them in the order in which they came. Where
// memtables were flushed, or much was committed, or it is not known yet where to begin, the first step is taken again.
// Nothing is kept for it by anyone, so no transaction can come too late for a check.
//
// Compaction hides no conflict: what is newer than the transaction's snapshot keeps its newest version, or a tombstone
// of it; a key that was not there, and is not there any more, has not changed. What a compaction filter drops is not
// seen. Thread safety: one thread at a time; CheckRecent under the commit lock.
#pragma once

#include "amethyst/error.h"
#include "amethyst/write_batch.h"
#include "engine/read_context.h"
#include "transactions/newer_entries.h"
#include "transactions/read_set.h"

namespace amethyst::transactions {

class Validation {
 public:
  // `written`: puts and deletes of it count as if they had been read, too; nullptr: none. All of them outlive it.
  Validation(const engine::ReadContext& reads, const ReadSet& set, const WriteBatch* written,
             key::SequenceNumber since);

  // Whether anything was committed that CheckAll has not seen; without it a CheckAll does nothing.
  [[nodiscard]] bool IsBehind() const {
    return fell_behind_ || key::Raw(checked_up_to_) != reads_.visible.load(std::memory_order_acquire);
  }
  // Both: kConflict, naming a key or range; kInvalidArgument: a family was dropped.
  [[nodiscard]] Status CheckAll();
  // May fall behind, with an error: then everything is to be done again, CheckAll first.
  [[nodiscard]] Status CheckRecent();
  [[nodiscard]] bool fell_behind() const { return fell_behind_; }

 private:
  // Entries that are walked under the lock; and how often it is tried to have no more.
  static constexpr uint64_t kEntriesMax = 4096;
  static constexpr uint32_t kRoundsMax = 8;

  [[nodiscard]] Status CheckFamilies() const;
  [[nodiscard]] Status CheckExpiry() const;
  [[nodiscard]] Status Check(const engine::View& view, const NewerEntries& newer) const;
  // Under the lock, where there are ranges: whether what came since the last check is better looked at outside, while
  // what comes from here on is marked.
  [[nodiscard]] bool IsToBeMarked(const engine::View& view, key::SequenceNumber visible);

  const engine::ReadContext& reads_;
  const ReadSet& set_;
  const WriteBatch* const written_;
  key::SequenceNumber checked_up_to_;
  Mark mark_;  // Set under the lock, where there are ranges; before the last CheckAll.
  uint32_t rounds_ = 0;
  bool fell_behind_ = false;
  const bool has_ranges_;
};

}  // namespace amethyst::transactions
