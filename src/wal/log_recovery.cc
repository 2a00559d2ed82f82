#include "wal/log_recovery.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "wal/batch_encoding.h"
#include "wal/log_format.h"
#include "wal/segment_reader.h"

namespace amethyst::wal {

namespace {

// A file that was found, and its header if there is a good one.
struct Segment {
  key::FileNumber number{};
  std::optional<SegmentHeader> header;
  std::string why_no_header;
};

// That the payload is whole entries, all of which this build knows.
Status CheckEntries(const RecoveredBatch& batch) {
  BatchReader reader(batch.payload);
  for (BatchEntry entry; reader.Next(&entry);) continue;
  AMETHYST_TRY(reader.status());
  if (reader.count() == batch.count) return {};
  return base::Corruption("batch of sequence {}: expected {} entries, found {}", key::Raw(batch.first), batch.count,
                          reader.count());
}

bool Contains(const std::vector<key::FileNumber>& numbers, key::FileNumber number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

class Recovery {
 public:
  Recovery(io::FileSystem& files, const LogRecoverySettings& settings,
           base::FunctionRef<Status(const RecoveredBatch&)> apply)
      : files_(files), settings_(settings), apply_(apply) {}

  Result<LogRecoveryReport> Run();

 private:
  [[nodiscard]] std::string Path(key::FileNumber number) const {
    return io::JoinPath(settings_.directory, SegmentFileName(number));
  }
  [[nodiscard]] Status ReadHeaders();
  [[nodiscard]] Result<Segment> ReadHeader(key::FileNumber number) const;
  // The chain: where it begins, and what follows a segment in it; null for none.
  [[nodiscard]] const Segment* First() const;
  [[nodiscard]] const Segment* Next(const Segment& segment) const;
  // Where `segment` must end, as far as anybody wrote that down.
  [[nodiscard]] Result<std::optional<LogCut>> ExpectedEnd(const Segment& segment, const Segment* next) const;
  // Applies the segment's batches. True if it ended where it must; else stop_ and why_ tell.
  [[nodiscard]] Result<bool> Replay(const Segment& segment, const std::optional<LogCut>& expected);
  [[nodiscard]] Status ReplayRecord(const Segment& segment, const SegmentReader::Record& record,
                                    const std::optional<LogCut>& expected);
  // The log cannot be read beyond stop_: an error if it is known to have been durable there; else counts what is cut.
  [[nodiscard]] Status JudgeTail();
  [[nodiscard]] Status JudgeLaterHeader(const SegmentHeader& header) const;
  [[nodiscard]] std::unexpected<Error> Damage(std::string_view proof) const;
  [[nodiscard]] Status SyncReplayed();

  io::FileSystem& files_;
  const LogRecoverySettings& settings_;
  const base::FunctionRef<Status(const RecoveredBatch&)> apply_;
  std::vector<Segment> segments_;
  LogPosition stop_;  // Where reading ended, and why if not at a plain end.
  std::string why_ = "the log ends";
  LogRecoveryReport report_;
};

Result<LogRecoveryReport> Recovery::Run() {
  AMETHYST_ASSERT(std::ranges::is_sorted(settings_.segments));
  AMETHYST_TRY(ReadHeaders());
  const Segment* segment = First();
  if (segment == nullptr) {
    const bool is_empty = settings_.clean_end && settings_.clean_end->segment < settings_.first_segment;
    if (is_empty) {
      report_.cut = *settings_.clean_end;
    } else if (settings_.first_segment != key::FileNumber{} && !Contains(settings_.segments, settings_.first_segment)) {
      return base::Corruption("{}: missing, expected as the first segment of the log", Path(settings_.first_segment));
    }
    stop_ = {.segment = settings_.first_segment, .offset = 0};
    if (!segments_.empty() && !segments_.front().header) why_ = segments_.front().why_no_header;
  }
  while (segment != nullptr) {
    const Segment* const next = Next(*segment);
    AMETHYST_ASSIGN(const std::optional<LogCut> expected, ExpectedEnd(*segment, next));
    report_.replayed_segments.push_back(segment->number);
    AMETHYST_ASSIGN(const bool complete, Replay(*segment, expected));
    stop_ = report_.cut.position();
    segment = complete ? next : nullptr;
  }
  AMETHYST_TRY(JudgeTail());
  for (const Segment& listed : segments_) {
    if (!Contains(report_.replayed_segments, listed.number)) report_.dropped_segments.push_back(listed.number);
  }
  if (!settings_.read_only) AMETHYST_TRY(SyncReplayed());
  return std::move(report_);
}

Status Recovery::ReadHeaders() {
  for (const key::FileNumber number : settings_.segments) {
    AMETHYST_ASSIGN(Segment segment, ReadHeader(number));
    segments_.push_back(std::move(segment));
  }
  return {};
}

Result<Segment> Recovery::ReadHeader(key::FileNumber number) const {
  AMETHYST_ASSIGN(const auto file, files_.Open(Path(number)));
  char bytes[kSegmentHeaderBytes];
  AMETHYST_ASSIGN(const size_t found, file->ReadAt(0, bytes));
  auto header = DecodeSegmentHeader({bytes, found});
  if (!header) {
    if (header.error().code() != ErrorCode::kCorruption) {
      return base::MakeError(header.error().code(), "{}: {}", file->path(), header.error().message());
    }
    return Segment{.number = number, .header = std::nullopt, .why_no_header = header.error().message()};
  }
  // No crash makes a good header wrong.
  if (header->database_uid != settings_.database_uid) {
    return base::Corruption("{}: belongs to another database: expected {:016x}{:016x}, found {:016x}{:016x}",
                            file->path(), settings_.database_uid.high, settings_.database_uid.low,
                            header->database_uid.high, header->database_uid.low);
  }
  if (header->segment != number) {
    return base::Corruption("{}: expected segment {}, found {}", file->path(), key::Raw(number),
                            key::Raw(header->segment));
  }
  return Segment{.number = number, .header = *header, .why_no_header = {}};
}

const Segment* Recovery::First() const {
  for (const Segment& segment : std::views::reverse(segments_)) {
    if (!segment.header) continue;
    const key::FileNumber previous = segment.header->cut.segment;
    if (previous == key::FileNumber{} || previous < settings_.first_segment) return &segment;
  }
  return nullptr;
}

const Segment* Recovery::Next(const Segment& segment) const {
  for (const Segment& later : std::views::reverse(segments_)) {
    if (later.header && later.header->cut.segment == segment.number) return &later;
  }
  return nullptr;
}

Result<std::optional<LogCut>> Recovery::ExpectedEnd(const Segment& segment, const Segment* next) const {
  const bool closed_here = settings_.clean_end && settings_.clean_end->segment == segment.number;
  if (next == nullptr) return closed_here ? settings_.clean_end : std::nullopt;
  const LogCut& end = next->header->cut;
  if (closed_here && settings_.clean_end->offset != end.offset) {
    return base::Corruption("{}: ends at {} by the manifest, at {} by {}", Path(segment.number),
                            settings_.clean_end->offset, end.offset, SegmentFileName(next->number));
  }
  return end;
}

Result<bool> Recovery::Replay(const Segment& segment, const std::optional<LogCut>& expected) {
  AMETHYST_ASSIGN(const auto file, files_.Open(Path(segment.number)));
  AMETHYST_ASSIGN(SegmentReader reader, SegmentReader::Create(*file, settings_.database_uid, segment.number));
  LogCut& end = report_.cut;
  AMETHYST_ASSERT(segment.header.has_value());
  const LogCut begin = segment.header->Begin();
  AMETHYST_ASSERT(begin.last_sequence >= end.last_sequence || end.segment == key::FileNumber{});  // I1
  end = begin;
  while (!expected || end.offset < expected->offset) {
    AMETHYST_ASSIGN(const SegmentReader::Reading reading, reader.Read(end.offset));
    if (reading.found == SegmentReader::Found::kUnknownKind) {
      return base::NotSupported("{} at {}: {}", file->path(), end.offset, reading.why);
    }
    if (reading.found != SegmentReader::Found::kRecord) {
      if (reading.found == SegmentReader::Found::kDamaged) why_ = reading.why;
      return !expected.has_value();
    }
    AMETHYST_TRY(ReplayRecord(segment, reading.record, expected));
  }
  // The caller may have raised the last sequence beyond what it found in the log.
  if (end.offset != expected->offset || end.next_ordinal != expected->next_ordinal ||
      end.chained_checksum != expected->chained_checksum || end.last_sequence > expected->last_sequence) {
    return base::Corruption(
        "{}: the recorded end does not fit: expected offset {}, ordinal {}, sequence {}, checksum {:016x}, found {}, "
        "{}, {}, {:016x}",
        file->path(), expected->offset, expected->next_ordinal, key::Raw(expected->last_sequence),
        expected->chained_checksum, end.offset, end.next_ordinal, key::Raw(end.last_sequence), end.chained_checksum);
  }
  return true;
}

Status Recovery::ReplayRecord(const Segment& segment, const SegmentReader::Record& record,
                              const std::optional<LogCut>& expected) {
  LogCut behind = report_.cut;
  Status replayed = PassRecord(record.header, &behind);
  if (replayed && expected && behind.offset > expected->offset) {
    replayed = base::Corruption("record: reaches to {}, beyond the recorded end of the segment at {}", behind.offset,
                                expected->offset);
  }
  const bool is_batch = record.header.kind == RecordKind::kBatch;
  if (replayed && (is_batch || record.header.kind == RecordKind::kIngest)) {
    const RecoveredBatch batch{.first = record.header.first,
                               .count = record.header.count,
                               .payload = record.payload,
                               .kind = record.header.kind};
    if (is_batch) replayed = CheckEntries(batch);
    if (replayed) replayed = apply_(batch);
    ++report_.batches;
  }
  if (!replayed) {
    return base::MakeError(replayed.error().code(), "{} at {}: {}", Path(segment.number), report_.cut.offset,
                           replayed.error().message());
  }
  AMETHYST_ASSERT(behind.offset > report_.cut.offset && behind.next_ordinal == report_.cut.next_ordinal + 1);  // I9
  report_.cut = behind;
  return {};
}

Status Recovery::JudgeTail() {
  if (settings_.clean_end && settings_.clean_end->position() > stop_)
    return Damage("the end recorded by a clean close");
  // What follows the last good record bears ordinals that follow its own; where no segment begins, they may be any.
  OrdinalRange ordinals;
  if (!report_.replayed_segments.empty()) {
    ordinals = {.first = static_cast<uint32_t>(report_.cut.next_ordinal), .count = 0};
  }
  for (const Segment& segment : segments_) {
    if (segment.number < stop_.segment) continue;
    const bool is_last = segment.number == stop_.segment;
    if (!is_last && segment.header) AMETHYST_TRY(JudgeLaterHeader(*segment.header));
    AMETHYST_ASSIGN(const auto file, files_.Open(Path(segment.number)));
    AMETHYST_ASSIGN(SegmentReader reader, SegmentReader::Create(*file, settings_.database_uid, segment.number));
    const uint64_t from = is_last ? stop_.offset : 0;
    ordinals.count += (reader.file_bytes() - from) / kRecordHeaderBytes;
    AMETHYST_ASSIGN(const SegmentReader::Remains remains, reader.LookBehind(from, ordinals));
    if (remains.proof_offset) {
      return Damage(fmt::format("the record at {} of {}", *remains.proof_offset, SegmentFileName(segment.number)));
    }
    report_.torn_bytes += remains.content_end - from;
  }
  report_.torn_tails = report_.torn_bytes > 0 ? 1 : 0;
  return {};
}

Status Recovery::JudgeLaterHeader(const SegmentHeader& header) const {
  // Directory entries are durable before a segment is used, and nothing is removed before a later segment made it
  // obsolete.
  if (!Contains(settings_.segments, header.cut.segment)) {
    return base::Corruption("{}: missing, expected before {}", Path(header.cut.segment),
                            SegmentFileName(header.segment));
  }
  if (header.durable > stop_) return Damage(fmt::format("the header of {}", SegmentFileName(header.segment)));
  return {};
}

std::unexpected<Error> Recovery::Damage(std::string_view proof) const {
  return base::Corruption("{} at {}: {}, but {} proves that the log was durable beyond", Path(stop_.segment),
                          stop_.offset, why_, proof);
}

Status Recovery::SyncReplayed() {
  for (const key::FileNumber number : report_.replayed_segments) AMETHYST_TRY(files_.SyncFile(Path(number)));
  if (!report_.replayed_segments.empty()) AMETHYST_TRY(files_.SyncDirectory(settings_.directory));
  return {};
}

}  // namespace

Result<LogRecoveryReport> RecoverLog(io::FileSystem& files, const LogRecoverySettings& settings,
                                     base::FunctionRef<Status(const RecoveredBatch&)> apply) {
  return Recovery(files, settings, apply).Run();
}

}  // namespace amethyst::wal
