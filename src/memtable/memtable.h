// The sorted in-memory write buffer: a tree of small append-only nodes, in an arena of its own.
//
// One writer at a time (the commit lock's holder) and any number of readers, which never block or write (and repeat a
// step of a descent only where the writer has just split the very node below it). An insert fills a free slot of a node
// and publishes it with one release store of the node's permutation word (after Masstree, Mao et al. 2012); a full node
// is split into two new ones and frozen, so a reader that still stands on it sees what it saw. Versions of one key hang
// off its slot, newest first, with jump pointers. A small Bloom filter answers most lookups of keys that are not there.
// Nothing is freed before the memtable dies. See key_tree.h for why this is right, arena.h for the memory.
//
// All families of a database fill one memtable, from one arena within one budget, and each has a tree of its own
// (family_trees.h). A call that names no family means the default one, whose tree is always there.
//
// What readers may rely on: a reader that loaded `visible` (acquire) BEFORE it started sees every entry at or below it.
// Lifetime: held by shared_ptr; cursors and pinned values hold one; Get inside an epoch needs none.
// Thread safety: as said; the counters may be read by anyone.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "key/cursor.h"
#include "key/lookup_key.h"
#include "key/order.h"
#include "memtable/arena.h"
#include "memtable/family_trees.h"
#include "memtable/key_filter.h"
#include "memtable/key_tree.h"
#include "memtable/key_tree_writer.h"
#include "memtable/range_deletes.h"

namespace amethyst::memtable {

class Memtable {
 public:
  // A memtable that holds at least `capacity_bytes` by BytesFor and kFamilyBytes, in a region of `pool`; `order` is the
  // default family's, and `fold` its merge operator's, or null.
  Memtable(size_t capacity_bytes, key::Order order, std::shared_ptr<RegionPool> pool = std::make_shared<RegionPool>(),
           key::Fold fold = nullptr);

  // Most bytes that inserting this entry can take: its own, and its part of the nodes that any number of entries take.
  [[nodiscard]] static constexpr size_t BytesFor(size_t key_bytes, size_t value_bytes) {
    return Record::BytesMax(key_bytes, value_bytes) + KeyTreeWriter::kNodeBytesPerKey;
  }
  // Most bytes that the first entry of a family other than the default takes beside its BytesFor.
  static constexpr size_t kFamilyBytes = FamilyTrees::kTreeBytes;
  // What a range delete counts for; `range_bytes`: of its range, encoded.
  [[nodiscard]] static constexpr size_t BytesForRange(size_t range_bytes) {
    return RangeDeletes::BytesFor(range_bytes);
  }
  // Whether there is room for `bytes`: the sum of BytesFor of all entries, BytesForRange of all range deletes and
  // kFamilyBytes of all new families. Writer only.
  [[nodiscard]] bool HasRoom(size_t bytes) const { return bytes <= capacity_bytes_ - taken_bytes_; }

  // Adds an entry, for which there must be room; its sequence is greater than any before. Writer only; cannot fail.
  void Insert(const key::Entry& entry);
  // Makes sure that the family has a tree, in `order`, with its merge operator's `fold`, or null: before its first
  // entry. There must be room; throws std::bad_alloc, with nothing changed. Writer only.
  void Prepare(key::FamilyId family, key::Order order, key::Fold fold = nullptr);
  // As Insert, of a family that was prepared.
  void Insert(key::FamilyId family, const key::Entry& entry) {
    return family == key::kDefaultFamily ? Insert(entry) : InsertIntoOther(family, entry);
  }

  // A range delete comes in two steps, so that nothing can fail once it stands in the log. Several of one batch are all
  // prepared first; nobody sees them before they are inserted. Throws std::bad_alloc. The family was prepared.
  void PrepareRange(key::FamilyId family, const key::Range& range, key::SequenceNumber sequence);
  // Of a batch that was not written.
  void ForgetPreparedRanges();
  // Cannot fail. For each that was prepared, in their order.
  void InsertRange(key::FamilyId family, size_t range_bytes, key::SequenceNumber sequence);
  // Whether there are any, in any family: a reader that loaded `visible` before sees none if not.
  [[nodiscard]] bool HasRangeDeletes() const { return has_range_deletes_.load(std::memory_order_relaxed); }
  // nullptr: the family has none.
  [[nodiscard]] const RangeDeletes* RangeDeletesOf(key::FamilyId family) const;

  struct Found {
    key::Tag tag;
    std::string_view value;  // As it is stored. Valid while the memtable lives.
  };
  // The newest version of the key that the lookup sees. It may be a tombstone. nullopt: the lookup sees no version.
  [[nodiscard]] std::optional<Found> Get(const key::LookupKey& lookup) const {
    return Get(key::kDefaultFamily, lookup);
  }
  [[nodiscard]] std::optional<Found> Get(key::FamilyId family, const key::LookupKey& lookup) const;
  // All that it sees, newest first, until `visit` returns true. kFolded: a stretch of operands may come as one, with
  // the newest one's tag.
  enum class Operands : uint8_t { kEach, kFolded };
  void ForEachVersion(key::FamilyId family, const key::LookupKey& lookup, Operands operands,
                      base::FunctionRef<bool(const Found&)> visit) const;

  // A cursor over all entries that were published when it moves there, all versions of each key. It supports SkipDead,
  // and is consistent for a reader whose `visible` was loaded before. `self` keeps the memtable alive.
  [[nodiscard]] static std::unique_ptr<key::Cursor> NewCursor(std::shared_ptr<const Memtable> self);
  // The same of a family; nullptr: nothing was written to it. One for a read leaves out what means nothing to it.
  [[nodiscard]] static std::unique_ptr<key::Cursor> NewCursor(std::shared_ptr<const Memtable> self,
                                                              key::FamilyId family,
                                                              std::optional<key::ReadPoint> read = std::nullopt);
  // Entries in the order in which they came, of all families, range deletes apart: where the next one will be, and all
  // from such a place on until `visit` returns true; whether it did. While nobody writes.
  [[nodiscard]] size_t next_record() const { return arena_.low_bytes(); }
  bool AnyEntryFrom(size_t record, base::FunctionRef<bool(std::string_view key, key::Tag tag)> visit) const;
  // The families that hold entries, in the order of their ids. Exact once nobody writes.
  [[nodiscard]] std::vector<key::FamilyId> Families() const;

  // Bytes of memory touched, and totals. Exact for the writer, slightly stale for others.
  [[nodiscard]] size_t memory_bytes() const { return arena_.used_bytes(); }
  // What its pool counts it with.
  [[nodiscard]] size_t touched_bytes() const { return arena_.touched_bytes(); }
  [[nodiscard]] uint64_t entry_count() const { return entry_count_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t delete_count() const { return delete_count_.load(std::memory_order_relaxed); }
  // Keys and values.
  [[nodiscard]] uint64_t raw_bytes() const { return raw_bytes_.load(std::memory_order_relaxed); }
  // Estimated raw bytes of the entries with keys in [begin, end).
  [[nodiscard]] uint64_t ApproximateBytes(std::string_view begin, std::string_view end) const {
    return ApproximateBytes(key::kDefaultFamily, begin, end);
  }
  [[nodiscard]] uint64_t ApproximateBytes(key::FamilyId family, std::string_view begin, std::string_view end) const;
  [[nodiscard]] bool Empty() const { return entry_count() == 0; }
  // Sequence range of what it holds, in all families; first() > last() while it is empty.
  [[nodiscard]] key::SequenceNumber first_sequence() const { return first_sequence_.load(std::memory_order_relaxed); }
  [[nodiscard]] key::SequenceNumber last_sequence() const { return last_sequence_.load(std::memory_order_relaxed); }

 private:
  void InsertIntoOther(key::FamilyId family, const key::Entry& entry);
  void Count(const key::Entry& entry, bool is_new);
  void Count(key::SequenceNumber sequence, uint64_t raw_bytes);
  // Of the families other than the default: what the default's totals are less by.
  [[nodiscard]] uint64_t OthersEntries() const;
  [[nodiscard]] uint64_t OthersRawBytes() const;
  // The record of the newest version that the lookup sees; nullptr: it sees none.
  [[nodiscard]] const Record* FindRecord(key::FamilyId family, const key::LookupKey& lookup) const;

  const size_t capacity_bytes_;
  Arena arena_;
  KeyFilter filter_;
  KeyTree tree_;  // The default family's, and its writer.
  KeyTreeWriter writer_;
  RangeDeletes range_deletes_;  // The default family's.
  FamilyTrees others_;
  size_t taken_bytes_ = 0;  // Of the capacity. Writer only.

  // Stored by the writer, loaded by anyone, relaxed: nothing hangs on them.
  std::atomic<bool> has_range_deletes_{false};
  std::atomic<uint64_t> entry_count_{0};
  std::atomic<uint64_t> delete_count_{0};
  std::atomic<uint64_t> raw_bytes_{0};
  std::atomic<key::SequenceNumber> first_sequence_{key::kSequenceMax};
  std::atomic<key::SequenceNumber> last_sequence_{key::SequenceNumber{0}};
};

}  // namespace amethyst::memtable
