#include "ingest/ingest_record.h"

#include "base/coding.h"
#include "base/error.h"
#include "key/range.h"

namespace amethyst::ingest {

uint64_t Incoming::SequenceCount() const {
  uint64_t count = replaced.size() + tables.size();
  for (const IncomingTable& table : tables) count += table.range_deletes.size();
  return count;
}

void Incoming::NumberFrom(key::SequenceNumber first) {
  for (FamilyRange& range : replaced) {
    range.sequence = first;
    first = first + 1;
  }
  for (IncomingTable& table : tables) {
    first = first + table.range_deletes.size();
    sstable::TableInfo& info = table.added.info;
    info.smallest_sequence = info.largest_sequence = info.sequence_base = first;
    first = first + 1;
  }
}

std::vector<FamilyRange> Incoming::RangeDeletes() const {
  std::vector<FamilyRange> all = replaced;
  for (const IncomingTable& table : tables) {
    uint64_t sequence = key::Raw(table.added.info.sequence_base) - table.range_deletes.size();
    for (const std::string& range : table.range_deletes) {
      all.push_back({.family = table.added.family, .range = range, .sequence = key::SequenceNumber{sequence++}});
    }
  }
  return all;
}

void Incoming::AppendTo(std::string* to) const {
  base::AppendVarint(to, replaced.size());
  for (const FamilyRange& range : replaced) {
    base::AppendVarint(to, key::Raw(range.family));
    base::AppendLengthPrefixed(to, range.range);
  }
  tree::VersionEdit edit;
  for (const IncomingTable& table : tables) edit.added.push_back(table.added);
  edit.AppendTo(to);
}

Result<Incoming> ReadIngestRecord(std::string_view bytes) {
  Incoming incoming;
  uint64_t count = 0;
  bool fits = base::ReadVarint64(&bytes, &count) && count <= bytes.size();
  for (uint64_t i = 0; fits && i < count; ++i) {
    uint32_t family = 0;
    std::string_view encoded;
    fits = base::ReadVarint32(&bytes, &family) && base::ReadLengthPrefixed(&bytes, &encoded);
    std::string_view rest = encoded;
    key::Range range;
    fits = fits && key::ReadRange(&rest, &range) && rest.empty();
    if (fits) incoming.replaced.push_back({.family = key::FamilyId{family}, .range = std::string(encoded)});
  }
  if (!fits) return base::Corruption("ingest: expected {} replaced ranges, found fewer", count);
  AMETHYST_ASSIGN(tree::VersionEdit edit, tree::VersionEdit::FromBytes(bytes));
  for (tree::AddedTable& added : edit.added) {
    const sstable::TableInfo& info = added.info;
    if (info.sequence_base == key::SequenceNumber{} || info.smallest_sequence != info.sequence_base ||
        info.largest_sequence != info.sequence_base || added.holds_tombstones) {
      return base::Corruption("ingest: table {} has no sequence number of its own", key::Raw(added.number));
    }
    incoming.tables.push_back({.added = std::move(added), .range_deletes = {}});
  }
  if (incoming.tables.empty()) return base::Corruption("ingest: expected a table, found none");
  return incoming;
}

}  // namespace amethyst::ingest
