#include "wal/log_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "wal/segment_reader.h"

namespace amethyst::wal {

namespace {

constexpr uint64_t kBufferBytes = uint64_t{64} << 10;

std::unexpected<Error> Gone(const LogCut& at) {
  return base::MakeError(ErrorCode::kTooOld, "the log at {} of {} is not there any more: start over from a snapshot",
                         at.offset, SegmentFileName(at.segment));
}

std::unexpected<Error> OtherHistory(const LogCut& at) {
  return base::MakeError(ErrorCode::kTooOld,
                         "{} of {} is no place of this log: the position is of another history of the database, such "
                         "as that of a copy; start over from a snapshot",
                         at.offset, SegmentFileName(at.segment));
}

// One place, whatever is known of writes past the log.
bool IsSamePlace(const LogCut& a, const LogCut& b) {
  return a.position() == b.position() && a.next_ordinal == b.next_ordinal && a.chained_checksum == b.chained_checksum;
}

}  // namespace

std::unexpected<Error> LogReader::Damage(std::string_view what) const {
  return base::Corruption("{} at {}: {}", io::JoinPath(place_.directory, SegmentFileName(at_.segment)), at_.offset,
                          what);
}

Result<std::unique_ptr<io::RandomAccessFile>> LogReader::Open(key::FileNumber number) const {
  const std::string path = io::JoinPath(place_.directory, SegmentFileName(number));
  auto file = place_.files->Open(path);
  if (file) return file;
  const Result<bool> exists = place_.files->Exists(path);
  if (exists && !*exists) return Gone(at_);
  return file;
}

Status LogReader::OpenFile() {
  AMETHYST_ASSIGN(file_, Open(at_.segment));
  const Result<SegmentHeader> header = ReadSegmentHeader(*file_, place_.database_uid, at_.segment);
  if (header) return {};
  file_ = nullptr;
  return std::unexpected(header.error());
}

Status LogReader::FindNext(const Log& log) {
  const std::optional<key::FileNumber> next = log.SegmentBehind(at_.segment);
  if (!next) return Gone(at_);
  AMETHYST_ASSIGN(const auto file, Open(*next));
  AMETHYST_ASSIGN(const SegmentHeader header, ReadSegmentHeader(*file, place_.database_uid, *next));
  if (header.cut.segment != at_.segment) return Gone(at_);
  next_ = header;
  return {};
}

Status LogReader::StepOver() {
  if (!IsSamePlace(at_, next_->cut)) {
    return Damage(fmt::format("expected ordinal {} and checksum {:016x} by {}, found {}, {:016x}",
                              next_->cut.next_ordinal, next_->cut.chained_checksum, SegmentFileName(next_->segment),
                              at_.next_ordinal, at_.chained_checksum));
  }
  const key::SequenceNumber told = at_.last_sequence;  // The header counts writes past the log, which are yet to tell.
  at_ = next_->Begin();
  at_.last_sequence = told;
  next_.reset();
  file_ = nullptr;
  buffer_.clear();
  return {};
}

Result<std::string_view> LogReader::View(uint64_t bytes, uint64_t end) {
  AMETHYST_DCHECK(at_.offset + bytes <= end);
  const uint64_t offset = at_.offset;
  if (offset < buffer_begin_ || offset + bytes > buffer_begin_ + buffer_.size()) {
    const uint64_t wanted = std::min(std::max(bytes, kBufferBytes), end - offset);
    if (wanted <= kBufferBytes) base::Release(&buffer_, 2 * kBufferBytes);  // Let go of a large record.
    buffer_.resize(wanted);
    buffer_begin_ = offset;
    Result<size_t> found = file_->ReadAt(offset, buffer_);
    buffer_.resize(found ? *found : 0);
    if (!found) return std::unexpected(std::move(found).error());
    if (*found < bytes) return Damage(fmt::format("expected {} bytes, found {}", bytes, *found));
  }
  return std::string_view(buffer_).substr(offset - buffer_begin_, bytes);
}

Result<LogReader::Record> LogReader::ReadRecord(uint64_t end) {
  const uint64_t left = end - at_.offset;
  if (left < kRecordHeaderBytes) return Damage(fmt::format("expected a record, found {} bytes", left));
  AMETHYST_ASSIGN(std::string_view bytes, View(kRecordHeaderBytes, end));
  const RecordHeader header = DecodeRecordHeader(bytes.data());
  if (header.length < kRecordHeaderBytes || header.padded_bytes() > left) {
    return Damage(
        fmt::format("expected a record of {} to {} bytes, found length {}", kRecordHeaderBytes, left, header.length));
  }
  AMETHYST_ASSIGN(bytes, View(header.padded_bytes(), end));
  const std::string_view payload = bytes.substr(kRecordHeaderBytes, header.payload_bytes());
  const base::Location location{.owner = ChecksumOwner(place_.database_uid, at_.segment), .offset = at_.offset};
  if (RecordChecksum(bytes.data(), base::Hash64(payload), location) != header.checksum) {
    return Damage(fmt::format("the checksum {:016x} does not hold", header.checksum));
  }
  if (!IsKnownKind(header.kind)) {
    return base::NotSupported("{} at {}: record kind {} is not known to this build", file_->path(), at_.offset,
                              static_cast<uint8_t>(header.kind));
  }
  return Record{.header = header, .payload = payload};
}

Result<std::optional<LogReader::Record>> LogReader::PeekAny(const Log& log, LogPosition limit) {
  while (at_.position() < limit) {
    if (limit.segment > at_.segment && !next_) AMETHYST_TRY(FindNext(log));
    const uint64_t end = next_ ? next_->cut.offset : limit.offset;
    if (next_ && at_.offset >= end) {
      AMETHYST_TRY(StepOver());
      continue;
    }
    if (file_ == nullptr) AMETHYST_TRY(OpenFile());
    AMETHYST_ASSIGN(const Record record, ReadRecord(end));
    peeked_ = record.header;
    return record;
  }
  return std::nullopt;
}

Result<std::optional<LogReader::Record>> LogReader::Peek(const Log& log, LogPosition limit) {
  for (;;) {
    AMETHYST_ASSIGN(const std::optional<Record> record, PeekAny(log, limit));
    if (!record || record->header.kind != RecordKind::kWatermark) return record;
    AMETHYST_TRY(Pass());
  }
}

Status LogReader::Pass() {
  AMETHYST_ASSERT(peeked_.has_value());
  LogCut behind = at_;
  if (const Status passed = PassRecord(*peeked_, &behind); !passed) return Damage(passed.error().message());
  at_ = behind;
  peeked_.reset();
  return {};
}

Status LogReader::Check(const Place& place, const Log& log, const LogCut& position, const LogCut* known) {
  if (known != nullptr && IsSamePlace(position, *known)) return {};
  const LogPosition end = log.end();
  if (position.position() > end) return OtherHistory(position);
  if (const std::optional<LogCut> begin = log.BeginOfUnstarted()) {  // There is no other place yet.
    if (IsSamePlace(position, *begin)) return {};
    return position.position() == end ? OtherHistory(position) : Gone(position);
  }
  LogCut begin = known == nullptr ? LogCut() : *known;
  if (known == nullptr || known->segment != position.segment || known->offset > position.offset) {
    const std::vector<key::FileNumber> segments = log.segments();
    if (!std::ranges::binary_search(segments, position.segment)) {
      // The end of a segment that is not there any more, or has never been: the next one's header tells.
      LogReader reader(place, position);
      AMETHYST_TRY(reader.FindNext(log));
      return IsSamePlace(position, reader.next_->cut) ? Status() : OtherHistory(position);
    }
    LogReader reader(place, position);
    AMETHYST_ASSIGN(const auto file, reader.Open(position.segment));
    AMETHYST_ASSIGN(const SegmentHeader header, ReadSegmentHeader(*file, place.database_uid, position.segment));
    begin = header.Begin();
    begin.last_sequence = {};
  }
  LogReader reader(place, begin);
  while (reader.at_.segment == position.segment && reader.at_.offset < position.offset) {
    AMETHYST_ASSIGN(const std::optional<Record> record, reader.PeekAny(log, end));
    if (!record || reader.at_.segment != position.segment) break;
    AMETHYST_TRY(reader.Pass());
  }
  if (!IsSamePlace(reader.at_, position) || reader.at_.last_sequence > position.last_sequence) {
    return OtherHistory(position);
  }
  AMETHYST_ASSIGN(const std::optional<Record> next, reader.Peek(log, end));
  const bool is_before = !next || next->header.count == 0 || position.last_sequence < next->header.first;
  return is_before ? Status() : OtherHistory(position);
}

}  // namespace amethyst::wal
