#include "engine/batch_insert.h"

#include "base/error.h"
#include "engine/family.h"

namespace amethyst::engine {

Status PrepareFamilies(const tree::Forest& forest, std::span<const key::FamilyId> families, memtable::Memtable* to) {
  for (const key::FamilyId family : families) {
    const tree::FamilyTree* const tree = forest.Find({.id = family});
    if (tree == nullptr && family < forest.next_family_id()) return FamilyDropped();
    if (tree == nullptr) return base::InvalidArgument("family {} was never made in this database", key::Raw(family));
    AMETHYST_ASSERT(family != key::kDefaultFamily);  // Which always has a tree.
    to->Prepare(family, tree->version->order(), tree->family->merging.fold);
  }
  return {};
}

void PrepareRanges(std::string_view batch, key::SequenceNumber first, memtable::Memtable* to) {
  to->ForgetPreparedRanges();  // Of a batch that the log did not take.
  wal::BatchReader reader(batch);
  wal::BatchEntry entry;
  for (uint64_t sequence = key::Raw(first); reader.Next(&entry); ++sequence) {
    if (entry.kind != key::EntryKind::kRangeDelete) continue;
    to->PrepareRange(key::FamilyId{entry.family}, entry.Range(), key::SequenceNumber{sequence});
  }
  AMETHYST_ASSERT(reader.status().has_value());  // Before the log has it.
}

void InsertWithRanges(std::string_view batch, key::SequenceNumber first, memtable::Memtable* to) {
  wal::BatchReader reader(batch);
  wal::BatchEntry entry;
  for (uint64_t sequence = key::Raw(first); reader.Next(&entry); ++sequence) {
    if (entry.kind == key::EntryKind::kRangeDelete) {
      to->InsertRange(key::FamilyId{entry.family}, entry.value.size(), key::SequenceNumber{sequence});
    } else {
      InsertEntry(entry, key::SequenceNumber{sequence}, to);
    }
  }
}

}  // namespace amethyst::engine
