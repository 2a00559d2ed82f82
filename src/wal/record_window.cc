#include "wal/record_window.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "wal/segment_reader.h"

namespace amethyst::wal {

namespace {

constexpr uint64_t kBufferBytes = uint64_t{64} << 10;

Result<std::unique_ptr<io::RandomAccessFile>> OpenSegment(const LogPlace& place, key::FileNumber segment) {
  const std::string path = io::JoinPath(place.directory, SegmentFileName(segment));
  auto file = place.files->Open(path);
  if (file) return file;
  const Result<bool> exists = place.files->Exists(path);
  if (!exists || *exists) return file;
  return base::MakeError(ErrorCode::kTooOld, "the log in {} is not there any more: start over from a snapshot",
                         SegmentFileName(segment));
}

}  // namespace

Result<RecordWindow> RecordWindow::Open(const LogPlace& place, key::FileNumber segment) {
  AMETHYST_ASSIGN(auto file, OpenSegment(place, segment));
  AMETHYST_ASSIGN(const SegmentHeader header, ReadSegmentHeader(*file, place.database_uid, segment));
  return RecordWindow(std::move(file), header);
}

Result<SegmentHeader> ReadHeaderOf(const LogPlace& place, key::FileNumber segment) {
  AMETHYST_ASSIGN(const auto file, OpenSegment(place, segment));
  return ReadSegmentHeader(*file, place.database_uid, segment);
}

std::unexpected<Error> DamageAt(const LogPlace& place, const LogCut& at, std::string_view what) {
  return base::Corruption("{} at {}: {}", io::JoinPath(place.directory, SegmentFileName(at.segment)), at.offset, what);
}

Status PassRecordAt(const LogPlace& place, const RecordHeader& record, LogCut* at) {
  LogCut behind = *at;
  if (const Status passed = PassRecord(record, &behind); !passed) {
    return DamageAt(place, *at, passed.error().message());
  }
  AMETHYST_ASSERT(behind.offset > at->offset && behind.next_ordinal == at->next_ordinal + 1);  // I9
  *at = behind;
  return {};
}

std::unexpected<Error> RecordWindow::Damage(uint64_t offset, std::string_view what) const {
  return base::Corruption("{} at {}: {}", file_->path(), offset, what);
}

Result<std::string_view> RecordWindow::View(uint64_t offset, uint64_t bytes, uint64_t end) {
  AMETHYST_DCHECK(offset + bytes <= end);
  if (offset < buffer_begin_ || offset + bytes > buffer_begin_ + buffer_.size()) {
    const uint64_t wanted = std::min(std::max(bytes, kBufferBytes), end - offset);
    if (wanted <= kBufferBytes) base::Release(&buffer_, 2 * kBufferBytes);  // Let go of a large record.
    buffer_.resize(wanted);
    buffer_begin_ = offset;
    Result<size_t> found = file_->ReadAt(offset, buffer_);
    buffer_.resize(found ? *found : 0);
    if (!found) return std::unexpected(std::move(found).error());
    if (*found < bytes) return Damage(offset, fmt::format("expected {} bytes, found {}", bytes, *found));
  }
  return std::string_view(buffer_).substr(offset - buffer_begin_, bytes);
}

Result<WholeRecord> RecordWindow::Read(uint64_t offset, uint64_t end) {
  AMETHYST_ASSERT(offset <= end);
  const uint64_t left = end - offset;
  if (left < kRecordHeaderBytes) return Damage(offset, fmt::format("expected a record, found {} bytes", left));
  AMETHYST_ASSIGN(std::string_view bytes, View(offset, kRecordHeaderBytes, end));
  const RecordHeader header = DecodeRecordHeader(bytes.data());
  if (header.length < kRecordHeaderBytes || header.padded_bytes() > left) {
    return Damage(offset, fmt::format("expected a record of {} to {} bytes, found length {}", kRecordHeaderBytes, left,
                                      header.length));
  }
  AMETHYST_ASSIGN(bytes, View(offset, header.padded_bytes(), end));
  const std::string_view payload = bytes.substr(kRecordHeaderBytes, header.payload_bytes());
  const base::Location location{.owner = ChecksumOwner(header_.database_uid, header_.segment), .offset = offset};
  if (RecordChecksum(bytes.data(), base::Hash64(payload), location) != header.checksum) {
    return Damage(offset, fmt::format("the checksum {:016x} does not hold", header.checksum));
  }
  if (!IsKnownKind(header.kind)) {
    return base::NotSupported("{} at {}: record kind {} is not known to this build", file_->path(), offset,
                              static_cast<uint8_t>(header.kind));
  }
  return WholeRecord{.header = header, .payload = payload};
}

}  // namespace amethyst::wal
