#include "wal/log_reader.h"

#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::wal {

namespace {

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

}  // namespace

Status LogReader::FindNext(const LogExtent& log) {
  AMETHYST_ASSIGN(const std::optional<key::FileNumber> next, log.SegmentBehind(at_.segment));
  if (!next) return Gone(at_);
  AMETHYST_ASSIGN(const SegmentHeader header, ReadHeaderOf(place_, *next));
  if (header.cut.segment != at_.segment) return Gone(at_);
  next_ = header;
  return {};
}

Status LogReader::StepOver() {
  if (at_.position() > next_->cut.position()) return OtherHistory(at_);  // A record was taken back after it was read.
  if (!IsSamePlace(at_, next_->cut)) {
    return DamageAt(place_, at_,
                    fmt::format("expected ordinal {} and checksum {:016x} by {}, found {}, {:016x}",
                                next_->cut.next_ordinal, next_->cut.chained_checksum, SegmentFileName(next_->segment),
                                at_.next_ordinal, at_.chained_checksum));
  }
  const key::SequenceNumber told = at_.last_sequence;  // The header counts writes past the log, which are yet to tell.
  AMETHYST_ASSERT(next_->segment > at_.segment);       // I7
  at_ = next_->Begin();
  at_.last_sequence = told;
  next_.reset();
  window_.reset();
  return {};
}

Result<std::optional<LogReader::Record>> LogReader::PeekAny(const LogExtent& log, LogPosition limit) {
  while (at_.position() < limit) {
    if (limit.segment > at_.segment && !next_) AMETHYST_TRY(FindNext(log));
    const uint64_t end = next_ ? next_->cut.offset : limit.offset;
    if (next_ && at_.offset >= end) {
      AMETHYST_TRY(StepOver());
      continue;
    }
    if (!window_) {
      AMETHYST_ASSIGN(window_, RecordWindow::Open(place_, at_.segment));
    }
    AMETHYST_DCHECK(at_.offset < end);
    AMETHYST_ASSIGN(const Record record, window_->Read(at_.offset, end));
    peeked_ = record.header;
    return record;
  }
  return std::nullopt;
}

Result<std::optional<LogReader::Record>> LogReader::Peek(const LogExtent& log, LogPosition limit) {
  for (;;) {
    AMETHYST_ASSIGN(const std::optional<Record> record, PeekAny(log, limit));
    if (!record || record->header.kind != RecordKind::kWatermark) return record;
    AMETHYST_TRY(Pass());
  }
}

Status LogReader::Pass() {
  AMETHYST_ASSERT(peeked_.has_value());
  AMETHYST_TRY(PassRecordAt(place_, *peeked_, &at_));
  peeked_.reset();
  return {};
}

Status LogReader::Check(const Place& place, const LogExtent& log, const LogCut& position, const LogCut* known) {
  if (known != nullptr && IsSamePlace(position, *known)) return {};
  const LogPosition end = log.end();
  if (position.position() > end) return OtherHistory(position);
  if (const std::optional<LogCut> begin = log.BeginOfUnstarted()) {  // There is no other place yet.
    if (IsSamePlace(position, *begin)) return {};
    return position.position() == end ? OtherHistory(position) : Gone(position);
  }
  LogCut begin = known == nullptr ? LogCut() : *known;
  if (known == nullptr || known->segment != position.segment || known->offset > position.offset) {
    AMETHYST_ASSIGN(const bool is_there, log.Has(position.segment));
    if (!is_there) {
      // The end of a segment that is not there any more, or has never been: the next one's header tells.
      LogReader reader(place, position);
      AMETHYST_TRY(reader.FindNext(log));
      return IsSamePlace(position, reader.next_->cut) ? Status() : OtherHistory(position);
    }
    LogReader reader(place, position);
    AMETHYST_ASSIGN(const SegmentHeader header, ReadHeaderOf(place, position.segment));
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
