#include "repair/salvage_ingests.h"

#include <algorithm>

#include "tree/file_names.h"
#include "wal/segment_reader.h"

namespace amethyst::repair {

bool SalvagedIngests::Place(const sstable::Properties& properties, TableOrigin* origin) {
  newest = std::max(newest, properties.info.largest_sequence);
  if (!properties.external) return true;
  const bool is_known = origin->sequence_base != key::SequenceNumber{};
  if (!is_known) origin->sequence_base = newest + 1;
  newest = std::max(newest, origin->sequence_base);
  const auto waiting = tables.find(origin->number);
  if (waiting == tables.end()) return is_known;
  const std::vector<std::string>& ranges = properties.external->range_deletes;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const key::SequenceNumber sequence{key::Raw(origin->sequence_base) - ranges.size() + i};
    range_deletes.push_back({.family = waiting->second.family, .range = ranges[i], .sequence = sequence});
  }
  return is_known;
}

SalvagedIngests FindIngests(io::FileSystem& files, const std::string& directory, const std::vector<std::string>& names,
                            key::SequenceNumber flushed) {
  SalvagedIngests found;
  const auto take = [&](const wal::SegmentRecord& record) {
    if (record.kind != wal::RecordKind::kIngest || record.first + (record.count - 1) <= flushed) return;
    auto incoming = ingest::ReadIngestRecord(record.payload);
    if (!incoming) return;
    key::SequenceNumber sequence = record.first;
    for (ingest::FamilyRange& range : incoming->replaced) {
      range.sequence = sequence;
      sequence = sequence + 1;
      found.range_deletes.push_back(std::move(range));
    }
    for (const ingest::IncomingTable& table : incoming->tables) found.tables.emplace(table.added.number, table.added);
  };
  for (const std::string& name : names) {
    const auto parsed = tree::ParseFileName(name);
    if (!parsed || parsed->type != tree::FileType::kLogSegment) continue;
    const auto file = files.Open(io::JoinPath(directory, name));
    if (file) static_cast<void>(wal::ReadSegment(**file, take));  // What cannot be read, the log's own salvage tells.
  }
  return found;
}

}  // namespace amethyst::repair
