// Log segments as a newer build may leave them: of another version, with records and entries of kinds that this build
// does not know. Pure functions over a segment's bytes.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/coding.h"
#include "base/hash.h"
#include "io/memory_file_system.h"
#include "wal/segment_reader.h"

namespace amethyst::support {

inline void SetSegmentVersion(std::string* segment, uint32_t version) {
  auto header = wal::DecodeSegmentHeader(*segment);
  AMETHYST_ASSERT(header.has_value());
  header->version = version;
  wal::EncodeSegmentHeader(*header,
                           std::span<char, wal::kSegmentHeaderBytes>(segment->data(), wal::kSegmentHeaderBytes));
}

// Where the segment's whole records end, and what follows them.
inline wal::LogCut EndOf(const std::string& segment) {
  io::MemoryFileSystem files;
  auto created = files.Create("/segment");
  AMETHYST_ASSERT(created.has_value() && (*created)->Append(segment).has_value());
  const auto file = files.Open("/segment");
  AMETHYST_ASSERT(file.has_value());
  const auto summary = wal::ReadSegment(**file, [](const wal::SegmentRecord&) {});
  AMETHYST_ASSERT(summary.has_value() && summary->header.has_value());
  return summary->end;
}

// Stores a whole record at `end`, and returns where and how the next one follows it.
inline wal::LogCut StoreRecord(std::string* segment, wal::LogCut end, uint8_t kind, uint32_t count,
                               std::string_view payload) {
  const auto header = wal::DecodeSegmentHeader(*segment);
  AMETHYST_ASSERT(header.has_value());
  const wal::RecordHeader record{.length = static_cast<uint32_t>(wal::kRecordHeaderBytes + payload.size()),
                                 .count = count,
                                 .kind = static_cast<wal::RecordKind>(kind),
                                 .first = end.last_sequence + 1,
                                 .ordinal_low = static_cast<uint32_t>(end.next_ordinal)};
  segment->resize(std::max<size_t>(segment->size(), end.offset + record.padded_bytes()));
  const base::Location place{.owner = wal::ChecksumOwner(header->database_uid, header->segment), .offset = end.offset};
  wal::EncodeRecordHeader(record, base::Hash64(payload), place, segment->data() + end.offset);
  std::ranges::copy(payload, segment->begin() + static_cast<ptrdiff_t>(end.offset + wal::kRecordHeaderBytes));
  end.offset += record.padded_bytes();
  end.next_ordinal += 1;
  end.last_sequence = end.last_sequence + count;
  return end;
}

// One entry of any family and kind, with a key and, unless it is a delete, a value.
inline std::string EntryOf(uint32_t family, uint8_t kind, std::string_view key, std::string_view value) {
  std::string entry;
  base::AppendVarint(&entry, family);
  entry.push_back(static_cast<char>(kind));
  base::AppendLengthPrefixed(&entry, key);
  if (kind != 0) base::AppendLengthPrefixed(&entry, value);
  return entry;
}

}  // namespace amethyst::support
