#include "compaction/retention.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::compaction {

Retention::Retention(std::vector<key::SequenceNumber> snapshots) : snapshots_(std::move(snapshots)) {
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

Retention::Verdict Retention::Decide(key::Tag tag) {
  const size_t stripe = StripeOf(tag.sequence());
  AMETHYST_DCHECK(stripe <= last_stripe_);  // I20
  if (stripe == last_stripe_ && answer_ != key::Answer::kUndecided) return Verdict::kDrop;
  last_stripe_ = stripe;
  answer_ = key::AnswerOf(key::kSequenceMax, tag);  // The reader at the stripe's end sees all that is in it.
  switch (answer_) {
    case key::Answer::kUndecided: return Verdict::kKeep;
    case key::Answer::kValue: return stripe == 0 && nothing_below_ ? Verdict::kKeepAsOldest : Verdict::kKeep;
    case key::Answer::kGone: held_ = tag; return Verdict::kHold;
  }
  std::unreachable();
}

std::optional<key::Tag> Retention::EndKey() {
  const std::optional<key::Tag> oldest = std::exchange(held_, std::nullopt);
  return nothing_below_ ? std::nullopt : oldest;
}

}  // namespace amethyst::compaction
