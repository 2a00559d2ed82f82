#include "engine/batch_replay.h"

#include <set>

#include "base/error.h"
#include "engine/ingest_replay.h"
#include "wal/batch_encoding.h"

namespace amethyst::engine {

Status CheckFamilies(const tree::Forest& forest, const wal::RecoveredBatch& batch) {
  if (batch.kind == wal::RecordKind::kIngest) return CheckIngest(forest, batch);
  wal::BatchReader reader(batch.payload);
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    if (key::FamilyId{entry.family} < forest.next_family_id()) continue;
    return base::Corruption("batch of sequence {}: family {} is not known to the manifest, whose ids are below {}",
                            key::Raw(batch.first), entry.family, key::Raw(forest.next_family_id()));
  }
  return {};
}

size_t MemoryOf(const wal::RecoveredBatch& batch) {
  wal::BatchReader reader(batch.payload);
  size_t bytes = 0;
  std::set<key::FamilyId> families;
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    const key::FamilyId family{entry.family};
    bytes += entry.kind == key::EntryKind::kRangeDelete
                 ? memtable::Memtable::BytesForRange(entry.value.size())
                 : memtable::Memtable::BytesFor(entry.key.size(), entry.value.size());
    if (family != key::kDefaultFamily && families.insert(family).second) bytes += memtable::Memtable::kFamilyBytes;
  }
  return bytes;
}

void InsertBatch(const tree::Forest& forest, const wal::RecoveredBatch& batch, memtable::Memtable* memtable,
                 uint64_t* dropped) {
  wal::BatchReader reader(batch.payload);
  uint64_t raw_sequence = key::Raw(batch.first);
  for (wal::BatchEntry entry; reader.Next(&entry); ++raw_sequence) {
    const key::SequenceNumber sequence{raw_sequence};
    const tree::FamilyTree* const tree = forest.Find({.id = key::FamilyId{entry.family}});
    if (tree == nullptr) {
      ++*dropped;
      continue;
    }
    const key::FamilyId family = tree->family->id;
    memtable->Prepare(family, tree->version->order(), tree->family->merging.fold);
    if (entry.kind == key::EntryKind::kRangeDelete) {
      memtable->PrepareRange(family, entry.Range(), sequence);
      memtable->InsertRange(family, entry.value.size(), sequence);
    } else {
      memtable->Insert(family, {entry.key, key::Tag(sequence, entry.kind), entry.value});
    }
  }
}

}  // namespace amethyst::engine
