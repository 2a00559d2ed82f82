// The range deletes of one family in a memtable: which sequence number covers a key, for a reader at any moment.
//
// Runs of fragments (key/range_tombstones.h), each made of four smaller ones of equal age (the logarithmic method of
// Bentley and Saxe 1980): the n-th range delete costs a logarithm of n on average, and no lookup has to build anything.
// A run knows of each key the newest number alone; a reader who does not see all of its numbers looks into the runs
// that it was made of. Nothing is freed before the memtable dies.
//
// Thread safety: one writer; any number of readers, who never block. A reader that loaded `visible` (acquire) before
// it started finds every range delete at or below that.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "key/order.h"
#include "key/range_tombstones.h"

namespace amethyst::memtable {

class RangeDeletes {
 public:
  explicit RangeDeletes(key::Order order) : order_(order) {}

  // About what the memory of one comes to, its part of all runs that are made of it included: measured with a hundred
  // thousand of them, of which there are fewer in a memtable.
  [[nodiscard]] static constexpr size_t BytesFor(size_t range_bytes) { return range_bytes + 1'450; }

  // Makes ready for Publish, behind what was prepared before; the sequence number is greater than any before. Throws
  // std::bad_alloc, with nothing changed for readers. Writer only.
  void Prepare(const key::Range& range, key::SequenceNumber sequence);
  void ForgetPrepared() { prepared_ = nullptr; }
  // Shows all that was prepared to readers.
  void Publish();

  [[nodiscard]] bool Empty() const { return runs_.load(std::memory_order_acquire) == nullptr; }
  // See key::RangeTombstones.
  [[nodiscard]] key::SequenceNumber Covering(std::string_view key, key::SequenceNumber visible) const;
  // The lists that together hold all of them up to `visible`, and nothing newer, appended. They stay as they are, as
  // long as the memtable lives.
  void AppendSeen(key::SequenceNumber visible, std::vector<const key::RangeTombstones*>* lists) const;
  // All of them, oldest first. They borrow keys, as long as the memtable lives.
  void AppendTo(std::vector<key::RangeTombstone>* tombstones) const;

 private:
  static constexpr size_t kParts = 4;

  struct Run {
    key::RangeTombstone single;  // Of a run of one.
    key::SequenceNumber first;
    key::SequenceNumber last;
    size_t count = 1;
    key::RangeTombstones newest{};           // Of each key the newest number.
    std::array<const Run*, kParts> parts{};  // Oldest first; none of a run of one.
  };
  using Runs = std::vector<const Run*>;  // Oldest first.

  [[nodiscard]] const Run* Merged(std::span<const Run* const> parts);
  template <typename Visit>
  static void ForEachSeen(const Run& run, key::SequenceNumber visible, Visit visit);

  const key::Order order_;
  std::atomic<const Runs*> runs_{nullptr};  // Released by Publish, acquired by readers.
  // Writer only.
  const Runs* prepared_ = nullptr;
  std::deque<std::string> keys_;
  std::deque<Run> all_runs_;
  std::deque<Runs> all_lists_;
};

}  // namespace amethyst::memtable
