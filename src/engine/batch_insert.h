// Puts the entries of an encoded batch into a memtable: in steps, so that nothing can fail once the log has them.
//
// Thread safety: that of the memtable's one writer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "amethyst/error.h"
#include "base/assert.h"
#include "key/types.h"
#include "memtable/memtable.h"
#include "tree/forest.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {

// Makes sure that the families are there, for what a drop has taken away takes no more entries, and that they have
// trees in the memtable. Changes nothing else.
[[nodiscard]] Status PrepareFamilies(const tree::Forest& forest, std::span<const key::FamilyId> families,
                                     memtable::Memtable* to);
// The same for the batch's range deletes; `first` is its first entry's number.
void PrepareRanges(std::string_view batch, key::SequenceNumber first, memtable::Memtable* to);
// Puts the entries into the memtable, of a batch that was prepared.
void InsertWithRanges(std::string_view batch, key::SequenceNumber first, memtable::Memtable* to);
// The same of one entry, which is no range delete.
inline void InsertEntry(const wal::BatchEntry& entry, key::SequenceNumber sequence, memtable::Memtable* to) {
  AMETHYST_DCHECK(entry.kind != key::EntryKind::kRangeDelete);
  to->Insert(key::FamilyId{entry.family}, {entry.key, key::Tag(sequence, entry.kind), entry.value});
}
// And of a batch without range deletes.
inline void InsertEntries(std::string_view batch, key::SequenceNumber first, memtable::Memtable* to) {
  wal::BatchReader reader(batch);
  wal::BatchEntry entry;
  for (uint64_t sequence = key::Raw(first); reader.Next(&entry); ++sequence) {
    InsertEntry(entry, key::SequenceNumber{sequence}, to);
  }
}

}  // namespace amethyst::engine
