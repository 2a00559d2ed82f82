// The sorted in-memory write buffer: a skip list whose nodes are blocks, in an arena of its own.
//
// One writer at a time (the commit lock's holder) and any number of readers, which never block, retry or write. An insert
// fills a free slot of a node and publishes it with one release store of the node's permutation word (after Masstree, Mao
// et al. 2012); a full node is split into two new ones and frozen, so a reader that still stands on it sees what it saw.
// Versions of one key hang off its slot, newest first, with jump pointers. Nothing is freed before the memtable dies.
//
// What readers may rely on: a reader that loaded `visible` (acquire) BEFORE it started sees every entry at or below it.
// Lifetime: held by shared_ptr; cursors and pinned values hold one; Get inside an epoch needs none.
// Thread safety: as said; the counters may be read by anyone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "key/cursor.h"
#include "key/lookup_key.h"
#include "key/order.h"

namespace amethyst::memtable {

class Memtable {
 public:
  // A memtable that holds at least `capacity_bytes` by BytesFor, in a reserved but untouched region of memory.
  Memtable(size_t capacity_bytes, key::Order order);
  ~Memtable();

  // Most arena bytes that inserting this entry can take.
  [[nodiscard]] static size_t BytesFor(size_t key_bytes, size_t value_bytes);
  // Whether entries of that many BytesFor in all can be inserted. Writer only.
  [[nodiscard]] bool HasRoom(size_t bytes) const;

  // Adds an entry, for which there must be room; its sequence is greater than any before. Writer only; cannot fail.
  void Insert(const key::Entry& entry);

  struct Version {
    key::Tag tag;
    std::string_view value;  // Valid while the memtable lives.
  };
  // The newest version of the key at or below lookup.visible, a tombstone included; nullopt if there is none.
  [[nodiscard]] std::optional<Version> Get(const key::LookupKey& lookup) const;

  // A cursor over all entries that were published when it moves there, all versions of each key. It supports SkipDead, and is
  // consistent for a reader whose `visible` was loaded before. `self` keeps the memtable alive.
  [[nodiscard]] static std::unique_ptr<key::Cursor> NewCursor(std::shared_ptr<const Memtable> self);

  // Bytes of memory touched, and totals. Exact for the writer, slightly stale for others.
  [[nodiscard]] size_t memory_bytes() const;
  [[nodiscard]] uint64_t entry_count() const;
  [[nodiscard]] uint64_t delete_count() const;
  [[nodiscard]] uint64_t raw_bytes() const;  // Keys and values.
  // Estimated raw bytes of the entries with keys in [begin, end).
  [[nodiscard]] uint64_t ApproximateBytes(std::string_view begin, std::string_view end) const;
  [[nodiscard]] bool Empty() const { return entry_count() == 0; }
  // Sequence range of what it holds; first() > last() while it is empty.
  [[nodiscard]] key::SequenceNumber first_sequence() const;
  [[nodiscard]] key::SequenceNumber last_sequence() const;
};

}  // namespace amethyst::memtable
