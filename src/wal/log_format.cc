#include "wal/log_format.h"

#include <cstring>

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"
#include "wal/batch_encoding.h"

namespace amethyst::wal {

namespace {

constexpr size_t kHeaderChecksumOffset = 96;

uint64_t HeaderChecksum(const char* header, const base::Uid& database_uid, key::FileNumber segment) {
  return base::Checksum({header, kHeaderChecksumOffset}, {.owner = ChecksumOwner(database_uid, segment), .offset = 0});
}

}  // namespace

std::string SegmentFileName(key::FileNumber number) { return fmt::format("{:06}.wal", key::Raw(number)); }

void EncodeSegmentHeader(const SegmentHeader& header, std::span<char, kSegmentHeaderBytes> to) {
  AMETHYST_ASSERT(header.cut.segment < header.segment);           // I7
  AMETHYST_ASSERT(header.durable.segment <= header.cut.segment);  // I5
  char* const out = to.data();
  std::memcpy(out, kSegmentMagic.data(), kSegmentMagic.size());
  base::StoreFixed<uint32_t>(out + 8, header.version);
  base::StoreFixed<uint32_t>(out + 12, 0);
  base::StoreFixed(out + 16, header.database_uid.low);
  base::StoreFixed(out + 24, header.database_uid.high);
  base::StoreFixed(out + 32, key::Raw(header.segment));
  base::StoreFixed(out + 40, key::Raw(header.cut.segment));
  base::StoreFixed(out + 48, header.cut.offset);
  base::StoreFixed(out + 56, key::Raw(header.cut.last_sequence));
  base::StoreFixed(out + 64, header.cut.next_ordinal);
  base::StoreFixed(out + 72, header.cut.chained_checksum);
  base::StoreFixed(out + 80, key::Raw(header.durable.segment));
  base::StoreFixed(out + 88, header.durable.offset);
  base::StoreFixed(out + kHeaderChecksumOffset, HeaderChecksum(out, header.database_uid, header.segment));
}

Result<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes) {
    return base::Corruption("segment header: expected {} bytes, found {}", kSegmentHeaderBytes, bytes.size());
  }
  if (!bytes.starts_with(kSegmentMagic)) return base::Corruption("segment header: magic not found");
  const char* const in = bytes.data();
  SegmentHeader header;
  header.version = base::LoadFixed<uint32_t>(in + 8);
  header.database_uid = {.low = base::LoadFixed<uint64_t>(in + 16), .high = base::LoadFixed<uint64_t>(in + 24)};
  header.segment = key::FileNumber{base::LoadFixed<uint64_t>(in + 32)};
  header.cut = {.segment = key::FileNumber{base::LoadFixed<uint64_t>(in + 40)},
                .offset = base::LoadFixed<uint64_t>(in + 48),
                .last_sequence = key::SequenceNumber{base::LoadFixed<uint64_t>(in + 56)},
                .next_ordinal = base::LoadFixed<uint64_t>(in + 64),
                .chained_checksum = base::LoadFixed<uint64_t>(in + 72)};
  header.durable = {.segment = key::FileNumber{base::LoadFixed<uint64_t>(in + 80)},
                    .offset = base::LoadFixed<uint64_t>(in + 88)};
  const auto found = base::LoadFixed<uint64_t>(in + kHeaderChecksumOffset);
  const uint64_t expected = HeaderChecksum(in, header.database_uid, header.segment);
  if (found != expected) {
    return base::Corruption("segment header: checksum expected {:016x}, found {:016x}", expected, found);
  }
  if (header.version < kSegmentVersion || header.version > kSegmentVersionMax) {
    return base::NotSupported("log format version {}: this build knows versions {} to {}", header.version,
                              kSegmentVersion, kSegmentVersionMax);
  }
  if (base::LoadFixed<uint32_t>(in + 12) != 0 || header.cut.segment >= header.segment ||
      header.durable.segment > header.cut.segment || header.cut.last_sequence > key::kSequenceMax) {
    return base::Corruption("segment header: fields contradict each other");
  }
  return header;
}

uint64_t RecordChecksum(const char* from, uint64_t payload_hash, const base::Location& location) {
  char covered[kRecordHeaderBytes];
  std::memcpy(covered, from + 8, kRecordHeaderBytes - 8);
  base::StoreFixed(covered + kRecordHeaderBytes - 8, payload_hash);
  return base::Checksum({covered, sizeof covered}, location);
}

uint64_t EncodeRecordHeader(const RecordHeader& header, uint64_t payload_hash, const base::Location& location,
                            char* to) {
  AMETHYST_DCHECK(header.length >= kRecordHeaderBytes && header.first <= key::kSequenceMax);
  AMETHYST_DCHECK(header.durable_offset <= location.offset);  // I5
  AMETHYST_DCHECK(header.durable_offset % kRecordAlignment == 0);
  base::StoreFixed(to + 8, header.length);
  base::StoreFixed(to + 12, header.count);
  base::StoreFixed(to + 16, (key::Raw(header.first) << 8) | static_cast<uint8_t>(header.kind));
  base::StoreFixed(to + 24, header.ordinal_low);
  base::StoreFixed(to + 28, static_cast<uint32_t>(header.durable_offset / kRecordAlignment));
  const uint64_t checksum = RecordChecksum(to, payload_hash, location);
  base::StoreFixed(to, checksum);
  return checksum;
}

RecordHeader DecodeRecordHeader(const char* from) {
  const auto tag = base::LoadFixed<uint64_t>(from + 16);
  return {.checksum = base::LoadFixed<uint64_t>(from),
          .length = base::LoadFixed<uint32_t>(from + 8),
          .count = base::LoadFixed<uint32_t>(from + 12),
          .kind = static_cast<RecordKind>(tag & 0xff),
          .first = key::SequenceNumber{tag >> 8},
          .ordinal_low = base::LoadFixed<uint32_t>(from + 24),
          .durable_offset = uint64_t{base::LoadFixed<uint32_t>(from + 28)} * kRecordAlignment};
}

Status PassRecord(const RecordHeader& record, LogCut* end) {
  AMETHYST_DCHECK(end->offset % kRecordAlignment == 0);
  if (record.ordinal_low != static_cast<uint32_t>(end->next_ordinal)) {
    return base::Corruption("record ordinal: expected {}, found {} in its low half", end->next_ordinal,
                            record.ordinal_low);
  }
  AMETHYST_DCHECK(IsKnownKind(record.kind));
  if (record.kind == RecordKind::kWatermark) {
    if (record.length != kRecordHeaderBytes || record.count != 0) {
      return base::Corruption("watermark record: expected no content, found {} entries, length {}", record.count,
                              record.length);
    }
  } else if (record.kind == RecordKind::kFamily) {
    if (record.length == kRecordHeaderBytes || record.count != 0) {
      return base::Corruption("family record: expected content without entries, found {}, length {}", record.count,
                              record.length);
    }
  } else if (record.count == 0 ||
             (record.kind == RecordKind::kBatch && record.count > record.payload_bytes() / kBatchEntryBytesMin)) {
    return base::Corruption("record count: {} entries in {} bytes", record.count, record.payload_bytes());
  } else {
    const uint64_t last = key::Raw(record.first) + record.count - 1;
    if (record.first <= end->last_sequence || last > key::Raw(key::kSequenceMax)) {
      return base::Corruption("record sequences: expected above {}, found {} to {}", key::Raw(end->last_sequence),
                              key::Raw(record.first), last);
    }
    end->last_sequence = key::SequenceNumber{last};
  }
  end->offset += record.padded_bytes();
  end->next_ordinal += 1;
  end->chained_checksum = ChainChecksum(end->chained_checksum, record.checksum);
  return {};
}

}  // namespace amethyst::wal
