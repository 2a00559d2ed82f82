// The part of the iterator that passes what range deletes hide.
#include <algorithm>

#include "engine/db_iterator.h"

namespace amethyst::engine {

namespace {

constexpr key::SequenceNumber kAny{1};

}  // namespace

void DbIterator::SeekOverCovered(std::string_view target, bool forward) {
  if (BeyondLower(target) || BeyondUpper(target) || view_.covers().HidesNothing(target)) {
    forward ? cursor_->Seek(target) : cursor_->SeekForPrev(target);
    return;
  }
  // Mostly the data is older than all range deletes that touch each other.
  cursor_->SeekOver(target, CoverFrom(target, kAny, forward), forward);
}

// At an entry that is covered. True: the cursor has moved, ended or failed, and has to be looked at anew.
bool DbIterator::SkipCovered() {
  const key::SequenceNumber sequence = view_.covers().At(cursor_->entry().key()).sequence;
  const key::Cover widest = CoverFrom(cursor_->entry().key(), kAny, forward_);
  if (cursor_->SkipCovered(widest, forward_)) return true;
  if (widest.sequence == sequence) return false;
  // Something is newer than a range delete that lies farther on: by those alone that are as new as the one here.
  return cursor_->SkipCovered(CoverFrom(cursor_->entry().key(), sequence, forward_), forward_);
}

key::Cover DbIterator::CoverFrom(std::string_view key, key::SequenceNumber at_least, bool forward) {
  key::Cover cover = view_.covers().WidestAt(key, forward, at_least);
  cover.stretch.Narrow({.begin = bounds_.lower, .end = bounds_.upper}, view_.order());
  return cover;
}

// The same as far as the stretch goes that range deletes leave alone, or none where they do not. They were asked for
// the key of the current entry last.
void DbIterator::CountUncoveredAhead() {
  const std::span<const key::Entry> ahead = cursor_->Ahead();
  if (!BeyondUpper(ahead.back().key()) && view_.covers().HidesNothingTo(ahead.back().key())) {
    plain_steps_ = ahead.size() - 1;
    return;
  }
  const key::Cover& cover = view_.covers().At(ahead.front().key());
  if (cover.sequence != key::SequenceNumber{}) return;
  const auto inside = [&](const key::Entry& entry) {
    return !BeyondUpper(entry.key()) && !cover.stretch.EndsAtOrBefore(entry.key(), view_.order());
  };
  const auto end = std::partition_point(ahead.begin() + 1, ahead.end(), inside);
  plain_steps_ = static_cast<size_t>(end - ahead.begin()) - 1;
}

void DbIterator::CountUncoveredBehind() {
  const std::span<const key::Entry> behind = cursor_->Behind();
  if (!BeyondLower(behind.front().key()) && view_.covers().HidesNothingTo(behind.front().key())) {
    plain_steps_ = behind.size() - 1;
    return;
  }
  const key::Cover& cover = view_.covers().At(behind.back().key());
  if (cover.sequence != key::SequenceNumber{}) return;
  const auto outside = [&](const key::Entry& entry) {
    return BeyondLower(entry.key()) || cover.stretch.BeginsAfter(entry.key(), view_.order());
  };
  const auto first = std::partition_point(behind.begin(), behind.end() - 1, outside);
  plain_steps_ = static_cast<size_t>(behind.end() - first) - 1;
}

}  // namespace amethyst::engine
