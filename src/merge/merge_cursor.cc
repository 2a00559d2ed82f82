#include "merge/merge_cursor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "merge/source_queue.h"

namespace amethyst::merge {
namespace {

using key::Cursor;
using key::Entry;

class MergeCursor final : public Cursor {
 public:
  MergeCursor(std::vector<std::unique_ptr<Cursor>> sources, key::Order order)
      : sources_(std::move(sources)), order_(order), queue_(order) {}

  void SeekToFirst() override {
    SeekAll(Direction::kForward, [](Cursor& source) { source.SeekToFirst(); });
  }
  void SeekToLast() override {
    SeekAll(Direction::kBackward, [](Cursor& source) { source.SeekToLast(); });
  }
  void Seek(std::string_view target) override {
    key_ = target;  // It may lie in a window that a source is about to let go.
    Begin(Direction::kForward);
    // All that has to be read is asked for before the first of it is waited for.
    waiting_.clear();
    for (uint32_t i = 0; i < sources_.size(); ++i) {
      if (!sources_[i]->TrySeek(key_)) {
        waiting_.push_back(i);
      } else if (!Enlist(i)) {
        return;
      }
    }
    for (const uint32_t i : waiting_) {
      sources_[i]->Seek(key_);
      if (!Enlist(i)) return;
    }
    queue_.Sort();
    Show();
  }
  void SeekForPrev(std::string_view target) override {
    key_ = target;
    SeekAll(Direction::kBackward, [this](Cursor& source) { source.SeekForPrev(key_); });
  }

  void SeekOver(std::string_view target, const key::Cover& cover, bool forward) override {
    key_ = target;
    SeekAll(forward ? Direction::kForward : Direction::kBackward,
            [&](Cursor& source) { source.SeekOver(key_, cover, forward); });
  }

  uint64_t SkipDead(key::ReadPoint read, std::string_view limit) override;
  bool SkipCovered(const key::Cover& cover, bool forward) override;

  [[nodiscard]] Status status() const override { return status_; }

 protected:
  void NextWindow() override { Leave(Direction::kForward); }
  void PrevWindow() override { Leave(Direction::kBackward); }

 private:
  void Begin(Direction direction) {
    status_ = {};
    follows_same_key_ = false;
    queue_.Reset(direction);
  }
  template <typename SeekOne>
  void SeekAll(Direction direction, SeekOne seek_one) {
    Begin(direction);
    for (uint32_t i = 0; i < sources_.size(); ++i) {
      seek_one(*sources_[i]);
      if (!Enlist(i)) return;
    }
    queue_.Sort();
    Show();
  }

  // Puts the source into the queue if it has an entry. False: it failed, and the merge has ended.
  [[nodiscard]] bool Enlist(uint32_t index) {
    if (!sources_[index]->Valid()) return !EndsWith(*sources_[index]);
    queue_.Add(sources_[index].get(), index);
    return true;
  }
  // Whether `source`, which is not Valid, failed; then the merge ends with its error.
  bool EndsWith(const Cursor& source) {
    status_ = source.status();
    if (status_) return false;
    queue_.Reset(queue_.direction());
    Clear();
    return true;
  }

  void Leave(Direction direction);
  void Turn(Direction direction);
  void ContinueAfterWinner();
  void AlignWinner();
  void Show();
  [[nodiscard]] size_t StretchBefore(std::string_view limit, std::span<const Entry> window) const;

  std::vector<std::unique_ptr<Cursor>> sources_;
  key::Order order_;
  SourceQueue queue_;
  Status status_;
  std::string key_;                // Of the seek or turn in progress.
  std::vector<uint32_t> waiting_;  // Sources that have to read for the seek in progress.
  // The winner's cursor stands at the first entry shown (the last, going back), but that SkipDead may have moved it
  // inside.
  size_t shown_ = 0;
  size_t winner_offset_ = 0;
  bool follows_same_key_ = false;  // What will be shown next starts with the key that was shown last.
};

// The shown window is used up towards `direction`.
void MergeCursor::Leave(Direction direction) {
  if (direction != queue_.direction()) return Turn(direction);
  if (direction == Direction::kForward) {
    queue_.winner().Skip(shown_ - winner_offset_);
  } else {
    queue_.winner().SkipBack(shown_);
  }
  ContinueAfterWinner();
}

void MergeCursor::ContinueAfterWinner() {
  if (const Cursor& winner = queue_.winner(); !winner.Valid() && EndsWith(winner)) return;
  queue_.WinnerMoved();
  Show();
}

// Every source goes to its nearest entry on the other side of the pivot: the entry that the merge stands at. A memtable
// may have grown meanwhile, so that one step need not be enough.
void MergeCursor::Turn(Direction direction) {
  Cursor& pivot = queue_.winner();
  const uint32_t pivot_index = queue_.winner_index();
  if (winner_offset_ > 0) pivot.SkipBack(winner_offset_);
  const bool forward = direction == Direction::kForward;
  key_ = pivot.entry().key();
  queue_.Reset(direction);
  const auto beyond_pivot = [&](const Entry& entry, uint32_t index) {
    int order = order_.Compare(entry, pivot.entry());
    if (order == 0) order = index < pivot_index ? -1 : 1;
    return forward ? order > 0 : order < 0;
  };
  constexpr int kNear = 16;  // Steps; one that has passed what is covered may be far away.
  const auto seek = [&](Cursor& source) { forward ? source.Seek(key_) : source.SeekForPrev(key_); };
  for (uint32_t i = 0; i < sources_.size(); ++i) {
    if (i == pivot_index) continue;
    Cursor& source = *sources_[i];
    if (!source.Valid()) seek(source);
    for (int step = 0; source.Valid() && !beyond_pivot(source.entry(), i); ++step) {
      if (step == kNear) {
        seek(source);
      } else {
        forward ? source.Next() : source.Prev();
      }
    }
    if (!Enlist(i)) return;
  }
  forward ? pivot.Next() : pivot.Prev();
  if (!Enlist(pivot_index)) return;
  queue_.Sort();
  follows_same_key_ = !queue_.empty() && order_.Compare(queue_.winner().entry().key(), key_) == 0;
  Show();
}

void MergeCursor::Show() {
  winner_offset_ = 0;
  if (queue_.empty()) return Clear();
  const bool forward = queue_.direction() == Direction::kForward;
  const Cursor& winner = queue_.winner();
  const std::span<const Entry> window = forward ? winner.Ahead() : winner.Behind();
  const bool next_has_same_key = queue_.TopKeysEqual();
  const bool alone = !next_has_same_key && !follows_same_key_;
  shown_ = window.size();
  if (next_has_same_key || (follows_same_key_ && winner.WindowIsPlain())) {
    shown_ = 1;  // What follows may then be plain.
  } else if (queue_.size() > 1) {
    shown_ = StretchBefore(queue_.runner_up().key(), window);
  }
  follows_same_key_ = next_has_same_key;
  AMETHYST_DCHECK(shown_ > 0 && shown_ <= window.size());  // I19
  SetPlain(alone && winner.WindowIsPlain(), winner.WindowMaxSequence());
  if (forward) {
    SetWindow(window.first(shown_), 0, shown_ == window.size() ? winner.StoredAhead() : std::string_view());
  } else {
    SetWindow(window.last(shown_), shown_ - 1);
  }
}

// How many entries of `window`, counted in the merge's direction, come before the key `limit`; the first one is known
// to.
size_t MergeCursor::StretchBefore(std::string_view limit, std::span<const Entry> window) const {
  const bool forward = queue_.direction() == Direction::kForward;
  const auto before = [&](size_t i) {
    return forward ? order_.Compare(window[i].key(), limit) < 0
                   : order_.Compare(window[window.size() - 1 - i].key(), limit) > 0;
  };
  AMETHYST_DCHECK(before(0));
  if (window.size() == 1 || !before(1)) return 1;
  if (before(window.size() - 1)) return window.size();
  size_t low = 1;  // before(low), !before(high).
  size_t high = window.size() - 1;
  for (size_t step = 2; low + step < high; step *= 2) {
    if (!before(low + step)) {
      high = low + step;
      break;
    }
    low += step;
  }
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    (before(middle) ? low : high) = middle;
  }
  return high;
}

uint64_t MergeCursor::SkipDead(key::ReadPoint read, std::string_view limit) {
  AMETHYST_DCHECK(Valid());
  if (queue_.direction() == Direction::kBackward) return 0;
  if (shown_ == 1 && queue_.TopKeysEqual()) return 0;  // Nothing lies wholly before the runner-up.
  if (queue_.size() > 1) {
    const std::string_view runner_up = queue_.runner_up().key();
    if (runner_up.empty()) return 0;  // Nothing sorts before the empty key, and it would pass for no limit.
    if (limit.data() == nullptr || order_.Less(runner_up, limit)) limit = runner_up;
  }
  Cursor& winner = queue_.winner();
  AlignWinner();
  const uint64_t passed = winner.SkipDead(read, limit);
  if (passed == 0) return 0;
  follows_same_key_ = false;
  ContinueAfterWinner();
  return passed;
}

// Moves the winner, going forward, to the entry that the merge stands at.
void MergeCursor::AlignWinner() {
  Cursor& winner = queue_.winner();
  const size_t offset = Behind().size() - 1;
  if (offset > winner_offset_) winner.Skip(offset - winner_offset_);
  if (offset < winner_offset_) winner.SkipBack(winner_offset_ - offset);
  winner_offset_ = offset;
}

// What is covered is covered whatever other sources hold: each goes on by itself.
bool MergeCursor::SkipCovered(const key::Cover& cover, bool forward) {
  AMETHYST_DCHECK(Valid());
  const Direction direction = forward ? Direction::kForward : Direction::kBackward;
  if (direction != queue_.direction()) return false;
  if (forward) {
    AlignWinner();
  } else if (const size_t behind = Ahead().size() - 1; behind > 0) {
    queue_.winner().SkipBack(behind);
  }
  bool moved = false;
  for (const std::unique_ptr<Cursor>& source : sources_) {
    const bool is_inside = source->Valid() && cover.stretch.Holds(source->entry().key(), order_);
    if (is_inside && source->SkipCovered(cover, forward)) moved = true;
  }
  if (moved) follows_same_key_ = false;
  queue_.Reset(direction);
  for (uint32_t i = 0; i < sources_.size(); ++i) {
    if (!Enlist(i)) return true;
  }
  queue_.Sort();
  Show();
  return moved;
}

}  // namespace

std::unique_ptr<Cursor> NewMergeCursor(std::vector<std::unique_ptr<Cursor>> sources, key::Order order) {
  if (sources.size() == 1) return std::move(sources[0]);
  return std::make_unique<MergeCursor>(std::move(sources), order);
}

}  // namespace amethyst::merge
