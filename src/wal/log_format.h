// The bytes of a log segment: a header, then records, each at a multiple of 8. All integers are little-endian.
//
//   segment header, 104 bytes                          record, 32 bytes and the payload
//     0  magic "AMETHWAL"                                0  checksum
//     8  format version u32, then u32 zero               8  length u32: header and payload, without the padding
//    16  database uid, 2 x u64                          12  count u32: entries of the payload
//    32  number of this segment                         16  kind u8, first sequence u56
//    40  the cut: previous segment (0: none),           24  ordinal u32: the low half
//    48    its end,                                     28  durable u32: watermark in units of 8 bytes
//    56    last sequence,                               32  payload
//    64    ordinal of our first record,                     zeros up to a multiple of 8
//    72    chained checksum
//    80  known durable when this was written: segment,
//    88    offset
//    96  checksum of the above
//
// A length of zero ends the log: the rest of a preallocated segment is zeros. The ordinal grows by one for each record
// of the log's life; its high half follows from the header, for no segment has room for 2^32 records.
//
// The watermark of a record says: when this was written, the segment was known durable up to there, and with it every
// earlier segment (0: nothing of this segment, only what its header says). It never exceeds the record's own offset.
//
// A record's checksum is XXH3 of bytes 8 to 32 and the payload's XXH3, mixed with database, segment and offset: so a
// large payload is hashed before the commit lock is taken, and bytes of another place, file or database do not pass.
// The place and extent of the header's checksum hold for every version of the format, so that an unknown version is
// told from damage.
//
// A segment of version 1 holds batches and watermarks alone; one of version 2 may hold records of other kinds. The
// layout of a record is the same in both, so a record of an unknown kind is known by its checksum for what it is, and
// refused by number. Thread safety: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "base/hash.h"
#include "key/types.h"
#include "wal/log_position.h"

namespace amethyst::wal {

inline constexpr std::string_view kSegmentMagic = "AMETHWAL";
inline constexpr uint32_t kSegmentVersion = 1;         // Of the segments that this build writes.
inline constexpr uint32_t kSegmentVersionOfKinds = 2;  // And of those that hold more than batches and watermarks.
inline constexpr uint32_t kSegmentVersionMax = 2;      // The newest that it reads.
inline constexpr size_t kSegmentHeaderBytes = 104;
inline constexpr size_t kRecordHeaderBytes = 32;
inline constexpr size_t kRecordAlignment = 8;
// What a watermark, and what a length, can express.
inline constexpr uint64_t kSegmentBytesMax = (uint64_t{1} << 32) * kRecordAlignment;
inline constexpr uint64_t kPayloadBytesMax = (uint64_t{1} << 32) - 64;

static_assert(kSegmentHeaderBytes % kRecordAlignment == 0 && kRecordHeaderBytes % kRecordAlignment == 0);
static_assert(kSegmentBytesMax / kRecordHeaderBytes <= uint64_t{1} << 32,
              "the low half of an ordinal must tell records apart");
static_assert(kSegmentHeaderBytes + kRecordHeaderBytes + kPayloadBytesMax <= kSegmentBytesMax);

// "000012.wal".
[[nodiscard]] std::string SegmentFileName(key::FileNumber number);

struct SegmentHeader {
  uint32_t version = kSegmentVersion;
  base::Uid database_uid;
  key::FileNumber segment{};
  LogCut cut;           // How the log before this segment ends.
  LogPosition durable;  // The log was known durable up to here; at the cut if this segment is the first of an open.

  // Where its first record goes.
  [[nodiscard]] LogCut Begin() const {
    return {.segment = segment,
            .offset = kSegmentHeaderBytes,
            .last_sequence = cut.last_sequence,
            .next_ordinal = cut.next_ordinal,
            .chained_checksum = 0};
  }
};

void EncodeSegmentHeader(const SegmentHeader& header, std::span<char, kSegmentHeaderBytes> to);
// kNotSupported for a version that this build does not read; kCorruption without "where" for anything else that is no
// header.
[[nodiscard]] Result<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

// On disk; never renumber. Zero is none, so that zeros are never a record. 4 to 7 are reserved (docs/format/wal.md).
enum class RecordKind : uint8_t {
  kBatch = 1,
  kWatermark = 2,  // No entries: written for its watermark alone, so that a finished sync becomes known.
  kIngest = 3,     // Tables that were taken in: uses sequence numbers (ingest/ingest_record.h).
  kFamily = 8,     // No entries: tells readers of families made, dropped and renamed (family_change.h).
};
[[nodiscard]] constexpr bool IsKnownKind(RecordKind kind) {
  return (kind >= RecordKind::kBatch && kind <= RecordKind::kIngest) || kind == RecordKind::kFamily;
}

struct RecordHeader {
  uint64_t checksum = 0;
  uint32_t length = 0;  // Header and payload.
  uint32_t count = 0;
  RecordKind kind{};
  key::SequenceNumber first{};
  uint32_t ordinal_low = 0;
  uint64_t durable_offset = 0;

  [[nodiscard]] uint64_t payload_bytes() const { return length - kRecordHeaderBytes; }
  [[nodiscard]] uint64_t padded_bytes() const {
    return (uint64_t{length} + kRecordAlignment - 1) & ~uint64_t{kRecordAlignment - 1};
  }
};

// What every checksum of a segment is mixed with, together with the offset.
[[nodiscard]] inline base::Uid ChecksumOwner(const base::Uid& database_uid, key::FileNumber segment) {
  return {.low = database_uid.low ^ key::Raw(segment), .high = database_uid.high};
}

// Writes the header with its checksum, which is returned: that field of `header` is not looked at.
uint64_t EncodeRecordHeader(const RecordHeader& header, uint64_t payload_hash, const base::Location& location,
                            char* to);
// Takes the fields as they come: the checksum tells whether they are a record's. `from` has kRecordHeaderBytes.
[[nodiscard]] RecordHeader DecodeRecordHeader(const char* from);
// What the checksum of the header at `from` should be.
[[nodiscard]] uint64_t RecordChecksum(const char* from, uint64_t payload_hash, const base::Location& location);

// Moves `end` behind the record that stands there. kCorruption, without "where", if it cannot follow: its checksum
// holds, so that is not what a crash leaves.
[[nodiscard]] Status PassRecord(const RecordHeader& record, LogCut* end);

// The chained checksum of a segment, with one more record; it starts as 0.
[[nodiscard]] inline uint64_t ChainChecksum(uint64_t chained, uint64_t record_checksum) {
  return (std::rotl(chained, 23) ^ record_checksum) * 0x9e3779b97f4a7c15u;
}

}  // namespace amethyst::wal
