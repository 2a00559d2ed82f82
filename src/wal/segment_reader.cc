#include "wal/segment_reader.h"

#include <algorithm>

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"

namespace amethyst::wal {

namespace {

constexpr uint64_t kWindowBytes = uint64_t{1} << 20;

std::string DescribeUnknown(RecordKind kind) {
  return fmt::format("record kind {} is not known to this build", static_cast<uint8_t>(kind));
}

// How many bytes at the front are zeros, in whole words (and the rest of the bytes if there is less than a word).
size_t ZeroWords(std::string_view bytes) {
  size_t zeros = 0;
  while (zeros + 8 <= bytes.size() && base::LoadFixed<uint64_t>(bytes.data() + zeros) == 0) zeros += 8;
  const std::string_view rest = bytes.substr(zeros);
  return rest.size() < 8 && rest.find_first_not_of('\0') == std::string_view::npos ? bytes.size() : zeros;
}

uint64_t AlignUp(uint64_t offset) { return (offset + kRecordAlignment - 1) & ~uint64_t{kRecordAlignment - 1}; }

}  // namespace

bool IsPossible(const RecordHeader& header, uint64_t offset, uint64_t end, const OrdinalRange& ordinals) {
  return header.length >= kRecordHeaderBytes && header.padded_bytes() <= end - offset &&
         header.durable_offset <= offset && (IsKnownKind(header.kind) || ordinals.Contains(header.ordinal_low));
}

Result<SegmentReader> SegmentReader::Create(const io::RandomAccessFile& file, const base::Uid& database_uid,
                                            key::FileNumber segment) {
  AMETHYST_ASSIGN(const uint64_t file_bytes, file.Size());
  return SegmentReader(file, std::min(file_bytes, kSegmentBytesMax), ChecksumOwner(database_uid, segment));
}

Result<std::string_view> SegmentReader::Ahead(uint64_t offset, uint64_t bytes) {
  AMETHYST_ASSERT(offset <= file_bytes_ && bytes <= file_bytes_ - offset);
  if (offset < window_begin_ || offset + bytes > window_begin_ + window_.size()) {
    const uint64_t wanted = std::min(std::max(bytes, kWindowBytes), file_bytes_ - offset);
    if (wanted <= kWindowBytes) base::Release(&window_, 2 * kWindowBytes);  // Let go of a large record.
    window_begin_ = offset;
    window_.resize(wanted);
    AMETHYST_ASSIGN(const size_t found, file_->ReadAt(offset, window_));
    window_.resize(found);
    if (found < bytes) {
      return base::Corruption("{}: expected {} bytes at {}, found {}: the file shrank", path(), bytes, offset, found);
    }
  }
  return std::string_view(window_).substr(offset - window_begin_);
}

Result<std::string_view> SegmentReader::View(uint64_t offset, uint64_t bytes) {
  AMETHYST_ASSIGN(const std::string_view ahead, Ahead(offset, bytes));
  AMETHYST_DCHECK(ahead.size() >= bytes);
  return ahead.substr(0, bytes);
}

Result<uint64_t> SegmentReader::HashRange(uint64_t offset, uint64_t bytes) {
  if (bytes <= kWindowBytes) {
    AMETHYST_ASSIGN(const std::string_view whole, View(offset, bytes));
    return base::Hash64(whole);
  }
  Status read;
  const uint64_t hash = base::Hash64OfPieces([&]() -> std::string_view {
    auto piece = View(offset, std::min(bytes, kWindowBytes));
    if (!piece) {
      read = std::unexpected(std::move(piece).error());
      return {};
    }
    AMETHYST_DCHECK(piece->size() <= bytes);
    offset += piece->size();
    bytes -= piece->size();
    return *piece;
  });
  AMETHYST_TRY(read);
  return hash;
}

Result<bool> SegmentReader::ChecksumHolds(uint64_t offset, const char* header_bytes, const RecordHeader& header) {
  char kept[kRecordHeaderBytes];  // For the window moves on.
  std::copy_n(header_bytes, sizeof kept, kept);
  AMETHYST_ASSIGN(const uint64_t payload_hash, HashRange(offset + kRecordHeaderBytes, header.payload_bytes()));
  return RecordChecksum(kept, payload_hash, {.owner = owner_, .offset = offset}) == header.checksum;
}

Result<SegmentReader::Reading> SegmentReader::Read(uint64_t offset) {
  AMETHYST_ASSERT(offset % kRecordAlignment == 0 && offset <= file_bytes_);
  const auto damaged = [](std::string why) {
    return Reading{.found = Found::kDamaged, .record = {}, .why = std::move(why)};
  };
  const uint64_t left = file_bytes_ - offset;
  if (left == 0) return Reading{.found = Found::kEnd, .record = {}, .why = {}};
  if (left < kRecordHeaderBytes) return damaged(fmt::format("expected a record header, found {} bytes", left));
  AMETHYST_ASSIGN(std::string_view bytes, View(offset, kRecordHeaderBytes));
  const RecordHeader header = DecodeRecordHeader(bytes.data());
  if (header.length == 0) return Reading{.found = Found::kEnd, .record = {}, .why = {}};
  if (header.length < kRecordHeaderBytes || header.padded_bytes() > left) {
    return damaged(
        fmt::format("expected a record of {} to {} bytes, found length {}", kRecordHeaderBytes, left, header.length));
  }
  AMETHYST_ASSIGN(const bool holds, ChecksumHolds(offset, bytes.data(), header));
  if (!holds) return damaged(fmt::format("the checksum {:016x} does not hold", header.checksum));
  if (!IsKnownKind(header.kind)) {
    return Reading{
        .found = Found::kUnknownKind, .record = {.header = header, .payload = {}}, .why = DescribeUnknown(header.kind)};
  }
  AMETHYST_ASSIGN(bytes, View(offset, header.padded_bytes()));
  if (bytes.substr(header.length).find_first_not_of('\0') != std::string_view::npos) {
    return damaged("expected zeros as padding");
  }
  if (header.durable_offset > offset) return damaged("fields contradict each other");
  const std::string_view payload = bytes.substr(kRecordHeaderBytes, header.payload_bytes());
  return Reading{.found = Found::kRecord, .record = {.header = header, .payload = payload}, .why = {}};
}

Result<SegmentReader::Remains> SegmentReader::LookBehind(uint64_t from, const OrdinalRange& ordinals) {
  Remains remains{.proof_offset = std::nullopt, .durable_offset = 0, .content_end = from};
  // Each candidate costs a hash of what it claims as payload. By chance that is next to nothing.
  uint64_t hashed_bytes_left = 4 * file_bytes_ + 64 * kWindowBytes;
  for (uint64_t offset = AlignUp(from); offset < file_bytes_;) {
    AMETHYST_ASSIGN(const std::string_view ahead,
                    Ahead(offset, std::min<uint64_t>(kRecordHeaderBytes, file_bytes_ - offset)));
    if (const size_t zeros = ZeroWords(ahead); zeros > 0) {  // No record: those begin with a checksum.
      offset += zeros;
      continue;
    }
    remains.content_end = offset + std::min(kRecordAlignment, ahead.size());
    if (ahead.size() < kRecordHeaderBytes) {
      offset += kRecordAlignment;
      continue;
    }
    const RecordHeader header = DecodeRecordHeader(ahead.data());
    const bool is_telling = !IsKnownKind(header.kind) || header.durable_offset > from;
    if (is_telling && IsPossible(header, offset, file_bytes_, ordinals)) {
      if (header.length > hashed_bytes_left) {
        return base::Corruption("{}: bytes before {} claim again and again to be records", path(), offset);
      }
      hashed_bytes_left -= header.length;
      AMETHYST_ASSIGN(const bool holds, ChecksumHolds(offset, ahead.data(), header));
      if (holds && !IsKnownKind(header.kind)) {
        return base::NotSupported("{} at {}: {}", path(), offset, DescribeUnknown(header.kind));
      }
      if (holds) {
        remains.proof_offset = offset;
        remains.durable_offset = header.durable_offset;
        return remains;
      }
    }
    offset += kRecordAlignment;
  }
  return remains;
}

Result<SegmentHeader> ReadSegmentHeader(const io::RandomAccessFile& file, const base::Uid& database_uid,
                                        key::FileNumber number) {
  char bytes[kSegmentHeaderBytes];
  AMETHYST_ASSIGN(const size_t found, file.ReadAt(0, bytes));
  Result<SegmentHeader> header = DecodeSegmentHeader({bytes, found});
  if (!header) return base::MakeError(header.error().code(), "{}: {}", file.path(), header.error().message());
  if (header->database_uid != database_uid || header->segment != number) {
    return base::Corruption("{}: expected segment {} of this database, found {} of {:016x}{:016x}", file.path(),
                            key::Raw(number), key::Raw(header->segment), header->database_uid.high,
                            header->database_uid.low);
  }
  return header;
}

Result<SegmentSummary> ReadSegment(const io::RandomAccessFile& file,
                                   base::FunctionRef<void(const SegmentRecord&)> visit) {
  SegmentSummary summary;
  char header_bytes[kSegmentHeaderBytes];
  AMETHYST_ASSIGN(const size_t header_size, file.ReadAt(0, header_bytes));
  const auto header = DecodeSegmentHeader({header_bytes, header_size});
  if (!header) {
    summary.damage = header.error().message();
    return summary;
  }
  summary.header = *header;
  summary.end = header->Begin();
  AMETHYST_ASSIGN(SegmentReader reader, SegmentReader::Create(file, header->database_uid, header->segment));
  for (;;) {
    const uint64_t offset = summary.end.offset;
    AMETHYST_ASSIGN(const SegmentReader::Reading reading, reader.Read(offset));
    if (reading.found != SegmentReader::Found::kRecord) {
      summary.damage = reading.why;
      return summary;
    }
    const RecordHeader& record = reading.record.header;
    if (const Status follows = PassRecord(record, &summary.end); !follows) {
      summary.damage = follows.error().message();
      return summary;
    }
    ++summary.records;
    visit({.offset = offset,
           .bytes = record.padded_bytes(),
           .kind = record.kind,
           .ordinal = summary.end.next_ordinal - 1,
           .first = record.first,
           .count = record.count,
           .durable_offset = record.durable_offset,
           .payload = reading.record.payload});
  }
}

}  // namespace amethyst::wal
