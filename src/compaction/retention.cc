#include "compaction/retention.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::compaction {

Retention::Retention(std::vector<key::SequenceNumber> snapshots, uint64_t expired_ms)
    : snapshots_(std::move(snapshots)), expired_ms_(expired_ms) {
  AMETHYST_ASSERT(std::is_sorted(snapshots_.begin(), snapshots_.end()));  // I20
}

size_t Retention::StripeOf(key::SequenceNumber sequence) const {
  if (IsSettled(sequence)) return 0;
  return static_cast<size_t>(std::lower_bound(snapshots_.begin(), snapshots_.end(), sequence) - snapshots_.begin());
}

void Retention::StartKey(bool nothing_below) {
  AMETHYST_DCHECK(!held_.has_value());
  last_stripe_ = snapshots_.size() + 1;
  nothing_below_ = nothing_below;
}

// Of the reader at a stripe's end, which sees all that is in it.
inline key::Answer Retention::AnswerTo(key::Tag tag, std::string_view stored) const {
  return key::IsPlain(tag.kind()) ? key::Answer::kValue : key::AnswerOf({key::kSequenceMax, expired_ms_}, tag, stored);
}

Retention::Verdict Retention::Decide(key::Tag tag, std::string_view stored) {
  const size_t stripe = StripeOf(tag.sequence());
  AMETHYST_DCHECK(stripe <= last_stripe_);  // I20
  began_stripe_ = stripe != last_stripe_;
  if (!began_stripe_ && answer_ != key::Answer::kUndecided) return Verdict::kDrop;
  last_stripe_ = stripe;
  answer_ = key::Answer::kUndecided;
  switch (const key::Answer told = AnswerTo(tag, stored)) {
    case key::Answer::kUndecided: return Verdict::kDrop;  // An operand that has expired.
    case key::Answer::kOperand: return Verdict::kOperand;
    case key::Answer::kValue:
    case key::Answer::kGone: answer_ = told; break;
  }
  if (answer_ == key::Answer::kValue) return IsOldest() ? Verdict::kKeepAsOldest : Verdict::kKeep;
  held_ = key::Tag(tag.sequence(), key::EntryKind::kDelete);
  return Verdict::kHold;
}

Retention::Verdict Retention::DecideMerged(key::Tag tag) {
  if (key::IsLive(tag.kind())) {
    answer_ = key::Answer::kValue;
    held_.reset();
    return IsOldest() ? Verdict::kKeepAsOldest : Verdict::kKeep;
  }
  answer_ = key::Answer::kGone;
  held_ = tag;
  return Verdict::kHold;
}

std::optional<key::Tag> Retention::EndKey() {
  const std::optional<key::Tag> oldest = std::exchange(held_, std::nullopt);
  return nothing_below_ ? std::nullopt : oldest;
}

}  // namespace amethyst::compaction
