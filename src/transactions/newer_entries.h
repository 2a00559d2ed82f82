// What was committed between two moments, as far as it concerns keys that were read.
//
// Memtables and tables say from when to when their entries are, and pages of a table's index how new their blocks are:
// what is all older is passed over. A table that waits among the memtables counts as if it held all keys between its
// bounds. Thread safety: one thread at a time.
#pragma once

#include <vector>

#include "amethyst/error.h"
#include "engine/view.h"
#include "key/cursor.h"
#include "transactions/read_set.h"

namespace amethyst::transactions {

// A moment in the filling of a memtable.
struct Mark {
  engine::WriteBufferPtr buffer;  // nullptr: there is none.
  size_t record = 0;              // The next one's place.
};

class NewerEntries {
 public:
  // Those above `since`, up to `until`, which is visible in the view. The view outlives it. `mark`: was set no later
  // than `since` came, of a memtable that is still the newest and that nobody writes to now; else none.
  NewerEntries(const engine::View& view, key::SequenceNumber since, key::SequenceNumber until, Mark mark = {});

  // Whether memtables hold all of them. Then nothing is read from files below.
  [[nodiscard]] bool AreInMemory() const { return are_in_memory_; }
  // Both: kInvalidArgument: the family was dropped; or an error of reading.
  // Whether the key is not what it was.
  [[nodiscard]] Result<bool> HaveChanged(const ReadSet::Point& point) const;
  // Whether there are any of keys in the range, or range deletes that reach into it.
  [[nodiscard]] Result<bool> HoldSomeOf(const ReadSet::Range& range) const;

 private:
  [[nodiscard]] bool IsNewer(key::SequenceNumber sequence) const { return sequence > since_ && sequence <= until_; }
  [[nodiscard]] Result<bool> HasNewer(key::Cursor& cursor, const engine::SeenRange& keys,
                                      const key::Order& order) const;
  [[nodiscard]] const std::vector<key::RangeTombstone>& NewerDeletes(const memtable::RangeDeletes& deletes) const;
  [[nodiscard]] bool RangeDeletesReachInto(const memtable::Memtable& memtable, const ReadSet::Range& range,
                                           const key::Order& order) const;
  [[nodiscard]] static bool SpanSomeOf(const engine::IngestedTables& ingested, const ReadSet::Range& range,
                                       const key::Order& order);
  [[nodiscard]] bool RecordsAreIn(const ReadSet::Range& range, const key::Order& order) const;
  [[nodiscard]] Result<bool> TablesHoldSomeOf(const tree::Version& version, const engine::SeenRange& keys) const;

  const engine::View& view_;
  const key::SequenceNumber since_;
  const key::SequenceNumber until_;
  std::vector<engine::WriteBufferPtr> memtables_;  // That may hold some, newest first.
  bool are_in_memory_ = false;
  const Mark mark_;
  struct Deletes {
    const memtable::RangeDeletes* of;
    std::vector<key::RangeTombstone> newer;
  };
  mutable std::vector<Deletes> deletes_;  // Of the memtables that were asked so far.
};

}  // namespace amethyst::transactions
