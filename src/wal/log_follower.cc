#include "wal/log_follower.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::wal {

namespace {

// "000012.wal".
std::optional<key::FileNumber> SegmentNumberOf(std::string_view name) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const key::FileNumber segment{number};
  return error == std::errc() && name == SegmentFileName(segment) ? std::optional(segment) : std::nullopt;
}

std::unexpected<Error> TakenBack(const LogCut& end) {
  return base::MakeError(ErrorCode::kTooOld, "the log ends at {} of {}, before what was read of it", end.offset,
                         SegmentFileName(end.segment));
}

}  // namespace

Result<std::optional<SegmentHeader>> FindSegmentBehind(const LogPlace& place, key::FileNumber segment) {
  AMETHYST_ASSIGN(const std::vector<std::string> names, place.files->List(place.directory));
  std::optional<SegmentHeader> next;
  bool is_here = false;
  bool goes_on = false;
  for (const std::string& name : names) {
    const std::optional<key::FileNumber> number = SegmentNumberOf(name);
    is_here = is_here || number == segment;
    if (!number || *number <= segment || (next && *number < next->segment)) continue;
    // One that was made ahead has no header yet; another may be going.
    const auto header = ReadHeaderOf(place, *number);
    if (!header && header.error().code() != ErrorCode::kCorruption && header.error().code() != ErrorCode::kTooOld) {
      return std::unexpected(header.error());
    }
    goes_on = goes_on || header;
    if (header && header->cut.segment == segment) next = *header;
  }
  if (next || is_here || !goes_on) return next;
  return base::MakeError(ErrorCode::kTooOld, "the log behind {} is not there any more", SegmentFileName(segment));
}

Result<WholeRecord> LogFollower::ReadHere() {
  if (!window_) {
    // A record that was taken back may be whole behind where the next segment says that this one ends.
    AMETHYST_ASSIGN(const std::optional<SegmentHeader> next, FindSegmentBehind(place_, at_.segment));
    cut_offset_ = next ? std::optional(next->cut.offset) : std::nullopt;
    AMETHYST_ASSIGN(window_, RecordWindow::Open(place_, at_.segment));
    durable_ = std::max(durable_, window_->header().durable);
  }
  if (!file_bytes_) {
    AMETHYST_ASSIGN(file_bytes_, window_->FileBytes());
  }
  const uint64_t end = std::min(*file_bytes_, cut_offset_.value_or(*file_bytes_));
  if (end <= at_.offset) return base::Corruption("{} ends at {}", SegmentFileName(at_.segment), end);
  return window_->Read(at_.offset, end);
}

Status LogFollower::CheckNotTakenBack() const {
  AMETHYST_ASSIGN(const std::optional<SegmentHeader> next, FindSegmentBehind(place_, at_.segment));
  if (next && next->cut.position() <= at_.position() && !IsSamePlace(at_, next->cut)) return TakenBack(next->cut);
  return {};
}

Result<bool> LogFollower::StepOver(const Error& why_no_record) {
  AMETHYST_ASSIGN(const std::optional<SegmentHeader> next, FindSegmentBehind(place_, at_.segment));
  if (!next) return false;
  if (next->cut.position() > at_.position()) {  // There is more here, written since we looked.
    LookAgain();
    cut_offset_ = next->cut.offset;
    const Result<WholeRecord> here = ReadHere();
    if (here) return true;
    return std::unexpected(here.error());
  }
  if (!IsSamePlace(next->cut, at_)) {
    return base::MakeError(ErrorCode::kTooOld, "the log ends at {} of {} by {}, before what was read of it: {}",
                           next->cut.offset, SegmentFileName(at_.segment), SegmentFileName(next->segment),
                           why_no_record.message());
  }
  const key::SequenceNumber last = at_.last_sequence;  // The header counts writes past the log.
  AMETHYST_ASSERT(next->segment > at_.segment);        // I7
  at_ = next->Begin();
  at_.last_sequence = last;
  window_.reset();
  file_bytes_.reset();
  return true;
}

Result<std::optional<WholeRecord>> LogFollower::PeekAny() {
  for (;;) {
    const Result<WholeRecord> here = ReadHere();
    if (here) {
      peeked_ = here->header;
      return *here;
    }
    const bool may_end_here =
        here.error().code() == ErrorCode::kCorruption || here.error().code() == ErrorCode::kTooOld;
    if (!may_end_here) return std::unexpected(here.error());
    AMETHYST_ASSIGN(const bool goes_on, StepOver(here.error()));
    if (!goes_on) return std::nullopt;
  }
}

Result<std::optional<WholeRecord>> LogFollower::Peek() {
  for (;;) {
    AMETHYST_ASSIGN(const std::optional<WholeRecord> record, PeekAny());
    if (!record || record->header.kind != RecordKind::kWatermark) return record;
    AMETHYST_TRY(Pass());
  }
}

Status LogFollower::Pass() {
  AMETHYST_ASSERT(peeked_.has_value());
  const LogPosition durable{.segment = at_.segment, .offset = peeked_->durable_offset};
  if (durable.offset > 0) durable_ = std::max(durable_, durable);
  AMETHYST_TRY(PassRecordAt(place_, *peeked_, &at_));
  peeked_.reset();
  return {};
}

}  // namespace amethyst::wal
