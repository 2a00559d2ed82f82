// Reading one segment file: the records from its start on, as far as they are good; and what lies behind them.
//
// For hostile bytes: memory use is bounded by 1 MiB and the largest record whose checksum holds, whatever lengths the
// file claims. Thread safety: one thread at a time; the file is not written meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "base/buffer.h"
#include "base/function_ref.h"
#include "io/file.h"
#include "wal/log_format.h"

namespace amethyst::wal {

// The ordinals that the records at some place of the log can have, by their low halves. Any, unless told.
struct OrdinalRange {
  uint32_t first = 0;
  uint64_t count = uint64_t{1} << 32;

  [[nodiscard]] bool Contains(uint32_t ordinal_low) const { return ordinal_low - first < count; }
};

// Whether the fields can be those of a record at `offset`, which ends at `end` or before. A kind may be of a newer
// build; the ordinal then tells such a record from arbitrary bytes, before anything is hashed.
[[nodiscard]] bool IsPossible(const RecordHeader& header, uint64_t offset, uint64_t end, const OrdinalRange& ordinals);

class SegmentReader {
 public:
  // `file` must outlive the reader. The uid and number are the ones that the checksums are expected to be mixed with.
  [[nodiscard]] static Result<SegmentReader> Create(const io::RandomAccessFile& file, const base::Uid& database_uid,
                                                    key::FileNumber segment);

  struct Record {
    RecordHeader header;
    std::string_view payload;  // Valid until the next call.
  };
  enum class Found {
    kRecord,
    kUnknownKind,  // A record whose checksum holds, but which only a newer build can read: neither damaged nor torn.
    kEnd,          // The end of the file, or a length of zero.
    kDamaged,      // Anything else; `why` says what.
  };
  struct Reading {
    Found found;
    Record record;  // Of kUnknownKind the header alone.
    std::string why;
  };
  // What stands at `offset`. Errors are those of the file.
  [[nodiscard]] Result<Reading> Read(uint64_t offset);

  // Behind the last good record.
  struct Remains {
    std::optional<uint64_t> proof_offset;  // Of a valid record with a watermark above `from`.
    uint64_t durable_offset = 0;           // Its watermark.
    uint64_t content_end = 0;              // Behind the last byte that is not zero, roughly; `from` if there is none.
  };
  // Looks at every place from `from` on for a record that proves the log durable beyond `from`. kNotSupported for a
  // record of an unknown kind with one of these ordinals: what only a newer build can read is never cut. kCorruption
  // where the bytes are made such that looking would take forever.
  [[nodiscard]] Result<Remains> LookBehind(uint64_t from, const OrdinalRange& ordinals);

  [[nodiscard]] uint64_t file_bytes() const { return file_bytes_; }
  [[nodiscard]] const std::string& path() const { return file_->path(); }

 private:
  SegmentReader(const io::RandomAccessFile& file, uint64_t file_bytes, base::Uid owner)
      : file_(&file), file_bytes_(file_bytes), owner_(owner) {}

  // The file's bytes from `offset` on, at least `bytes` of them, which it has (View: exactly); valid until the next
  // call.
  [[nodiscard]] Result<std::string_view> Ahead(uint64_t offset, uint64_t bytes);
  [[nodiscard]] Result<std::string_view> View(uint64_t offset, uint64_t bytes);
  // XXH3 of that range, holding 1 MiB of it at a time.
  [[nodiscard]] Result<uint64_t> HashRange(uint64_t offset, uint64_t bytes);
  // Whether the checksum of a record whose extent is within the file holds.
  [[nodiscard]] Result<bool> ChecksumHolds(uint64_t offset, const char* header_bytes, const RecordHeader& header);

  const io::RandomAccessFile* file_;
  uint64_t file_bytes_;
  base::Uid owner_;
  base::Buffer window_;  // The bytes from window_begin_ on.
  uint64_t window_begin_ = 0;
};

// The header of segment `number` of that database: kCorruption, naming the file, if it is not there or another's;
// kNotSupported for a version that this build does not read.
[[nodiscard]] Result<SegmentHeader> ReadSegmentHeader(const io::RandomAccessFile& file, const base::Uid& database_uid,
                                                      key::FileNumber number);

// A record, for showing it.
struct SegmentRecord {
  uint64_t offset = 0;
  uint64_t bytes = 0;  // With header and padding.
  RecordKind kind{};
  uint64_t ordinal = 0;
  key::SequenceNumber first{};
  uint32_t count = 0;
  uint64_t durable_offset = 0;
  std::string_view payload;  // Valid during the call.
};

struct SegmentSummary {
  std::optional<SegmentHeader> header;
  uint64_t records = 0;
  LogCut end;  // Of the good records: what a next segment's header would say.
  // Why reading stopped at end.offset, if that is not a plain end of the log.
  std::string damage;
};

// Walks the good records of one segment, for an inspector: damage ends it, and is told, but is no error.
[[nodiscard]] Result<SegmentSummary> ReadSegment(const io::RandomAccessFile& file,
                                                 base::FunctionRef<void(const SegmentRecord&)> visit);

}  // namespace amethyst::wal
