#include "engine/db_iterator.h"

#include <algorithm>

#include "amethyst/snapshot.h"
#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "engine/family.h"
#include "key/moment.h"
#include "key/resolver.h"

namespace amethyst::engine {

namespace {

std::optional<std::string> Copy(std::optional<std::string_view> bound) {
  if (!bound) return std::nullopt;
  return std::string(*bound);
}

SnapshotPin PinFor(const ReadContext& reads, const ReadOptions& options) {
  if (options.snapshot != nullptr) return {reads.snapshots, ReadPointOf(reads, options)};
  // The sequence is loaded under the list's lock: a job that does not see the pin began before.
  if (options.read_time) return {reads.snapshots, reads.visible, key::MillisecondsOf(*options.read_time)};
  return {reads.snapshots, reads.visible, *reads.clock};
}

Status Detached() { return base::MakeError(ErrorCode::kClosed, "the iterator's database is closed"); }

// After that many tombstones in a row whole dead subtrees are looked for.
constexpr uint32_t kTombstonesBeforeSkip = 4;

// Says when a walk looks for a way over entries that range deletes hide. The first time is after a few entries. Each
// attempt in vain makes the next one wait longer.
class SkipBackoff {
 public:
  [[nodiscard]] bool IsDue() { return --left_ == 0; }
  void Succeeded() { *this = {}; }
  void Failed() { left_ = wait_ = wait_ * 16 < kMost ? wait_ * 16 : kMost; }

 private:
  static constexpr uint32_t kLeast = 4;
  static constexpr uint32_t kMost = 4096;

  uint32_t wait_ = kLeast;
  uint32_t left_ = kLeast;
};

}  // namespace

DbIterator::DbIterator(std::shared_ptr<ReadContext> reads, const ReadOptions& options, const tree::FamilyKey& family)
    : reads_(std::move(reads)),
      pin_(PinFor(*reads_, options)),
      read_(pin_.read()),
      lower_(Copy(options.lower_bound)),
      upper_(Copy(options.upper_bound)),
      fill_cache_(options.fill_cache),
      view_(*reads_, family) {
  reads_->iterators.fetch_add(1, std::memory_order_relaxed);
  if (reads_->gate.IsClosed()) {
    status_ = Detached();
  } else if (view_.IsDropped()) {
    status_ = FamilyDropped();
  } else {
    status_ = CheckReadTime(*reads_, options);
  }
}

DbIterator::~DbIterator() { reads_->iterators.fetch_sub(1, std::memory_order_relaxed); }

template <typename Move>
[[gnu::noinline]] void DbIterator::Run(Move move) {  // So that a plain step saves no registers for it.
  Status moved = base::Contained([&]() -> Status {
    const OperationGate::Operation operation(reads_->gate);
    status_ = {};
    if (!operation) return Detached();
    move();
    return {};
  });
  if (!moved) Fail(std::move(moved).error());
}

void DbIterator::Fail(Error error) {
  cursor_.reset();  // Wherever it is: the next seek opens another.
  view_.LetGo();
  End();
  status_ = std::unexpected(std::move(error));
}

// For seeks: any newer view will do, for the pin keeps in it all that we can see.
void DbIterator::Refresh() {
  if (!view_.IsCurrent() || cursor_ == nullptr) OpenCursor();
}

void DbIterator::OpenCursor() {
  if (view_.IsDropped()) throw base::Thrown(FamilyDropped().error());
  view_.Renew();
  const std::string_view upper = upper_ ? std::string_view(*upper_) : std::string_view();
  cursor_ = view_.NewCursor(read_, {.fill_cache = fill_cache_, .upper_bound = upper});
}

bool DbIterator::BeyondUpper(std::string_view key) const { return upper_ && view_.order().Compare(key, *upper_) >= 0; }

bool DbIterator::BeyondLower(std::string_view key) const { return lower_ && view_.order().Less(key, *lower_); }

void DbIterator::Pass(std::string_view key) {
  passed_key_.assign(key);
  passing_ = true;
}

void DbIterator::End() {
  position_ = {};
  plain_steps_ = 0;
  if (cursor_ != nullptr) status_ = cursor_->status();
}

bool DbIterator::AllVisible() const { return cursor_->WindowIsPlain() && read_.Sees(cursor_->WindowMaxSequence()); }

void DbIterator::CountPlainAhead() {
  plain_steps_ = 0;
  const std::span<const key::Entry> ahead = cursor_->Ahead();
  if (ahead.size() < 2 || !AllVisible()) return;
  if (!view_.covers().empty()) [[unlikely]]
    return CountUncoveredAhead();
  if (!upper_ || !BeyondUpper(ahead.back().key())) {
    plain_steps_ = ahead.size() - 1;
    return;
  }
  const auto end = std::partition_point(ahead.begin() + 1, ahead.end(),
                                        [this](const key::Entry& entry) { return !BeyondUpper(entry.key()); });
  plain_steps_ = static_cast<size_t>(end - ahead.begin()) - 1;
}

void DbIterator::CountPlainBehind() {
  plain_steps_ = 0;
  const std::span<const key::Entry> behind = cursor_->Behind();
  if (behind.size() < 2 || !AllVisible()) return;
  if (!view_.covers().empty()) [[unlikely]]
    return CountUncoveredBehind();
  const auto first = !lower_ || !BeyondLower(behind.front().key())
                         ? behind.begin()
                         : std::partition_point(behind.begin(), behind.end() - 1,
                                                [this](const key::Entry& entry) { return BeyondLower(entry.key()); });
  plain_steps_ = static_cast<size_t>(behind.end() - first) - 1;
}

// The same as far as the stretch goes that range deletes leave alone, or none where they do not.
void DbIterator::CountUncoveredAhead() {
  const std::span<const key::Entry> ahead = cursor_->Ahead();
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
  const key::Cover& cover = view_.covers().At(behind.back().key());
  if (cover.sequence != key::SequenceNumber{}) return;
  const auto outside = [&](const key::Entry& entry) {
    return BeyondLower(entry.key()) || cover.stretch.BeginsAfter(entry.key(), view_.order());
  };
  const auto first = std::partition_point(behind.begin(), behind.end() - 1, outside);
  plain_steps_ = static_cast<size_t>(behind.end() - first) - 1;
}

void DbIterator::ShowCursor() {
  const key::Entry& entry = cursor_->entry();
  const key::EntryKind kind = entry.tag.kind();
  position_ = {.key = entry.key(),
               .value = key::ValueOf(kind, entry.value()),
               .valid = true,
               .expires_ms = key::ExpiryOf(kind, entry.value())};
  at_ = At::kShown;
}

void DbIterator::ShowCopy() {
  position_ = {.key = copied_.key, .value = copied_.value, .valid = true, .expires_ms = copied_.expires_ms};
  at_ = At::kBefore;
  plain_steps_ = 0;
}

// At a tombstone that is visible. True: the cursor has moved, ended or failed, and has to be looked at anew.
bool DbIterator::SkipTombstones() {
  const std::string_view limit = upper_ ? std::string_view(*upper_) : std::string_view();
  return cursor_->SkipDead(read_, limit) > 0;
}

// At an entry that is covered. True: the cursor has moved, ended or failed, and has to be looked at anew.
bool DbIterator::SkipCovered() {
  key::Cover cover = view_.covers().WidestAt(cursor_->entry().key(), forward_);
  cover.stretch.Narrow({.begin = lower_, .end = upper_}, view_.order());
  return cursor_->SkipCovered(cover, forward_);
}

void DbIterator::FindForward() {
  const key::Order& order = view_.order();
  forward_ = true;
  uint32_t tombstones = 0;
  SkipBackoff skips;
  uint32_t passed_versions = 0;
  uint32_t too_new = 0;  // In a row; from a multiple of kVersionsBeforeLookUp on copied_.key is that of the last such.
  while (cursor_->Valid()) {
    const key::Entry& entry = cursor_->entry();
    if (BeyondUpper(entry.key())) break;
    if (passing_ && order.Compare(entry.key(), passed_key_) == 0) {  // What it is to us is decided.
      if (++passed_versions > kVersionsBeforeLookUp) {
        passed_versions = 0;
        SeekPastVersions();
        continue;
      }
    } else if (IsCovered(entry)) [[unlikely]] {
      too_new = 0;
      Pass(entry.key());
      if (skips.IsDue()) {
        if (SkipCovered()) {
          skips.Succeeded();
          continue;
        }
        skips.Failed();
      }
    } else {
      switch (key::AnswerOf(read_, entry.tag, entry.value())) {
        case key::Answer::kUndecided:  // It is too new, or an operand that has expired.
          if (++too_new % kVersionsBeforeLookUp != 0) break;
          if (too_new > kVersionsBeforeLookUp && order.Compare(entry.key(), copied_.key) == 0) {
            if (ShowLookedUp()) return;
            continue;
          }
          copied_.key.assign(entry.key());
          break;
        case key::Answer::kOperand:
          copied_.key.assign(entry.key());
          if (ShowLookedUp()) return;
          continue;
        case key::Answer::kValue:
          passing_ = false;
          ShowCursor();
          CountPlainAhead();
          return;
        case key::Answer::kGone:
          too_new = 0;
          Pass(entry.key());
          if (++tombstones > kTombstonesBeforeSkip && SkipTombstones()) continue;
          break;
      }
    }
    cursor_->Next();
  }
  End();
}

// Going backward the versions of a key come oldest first, so that only the last one settles what the key is; unless
// nothing needs looking at, the cursor has then left the key and a copy is shown.
void DbIterator::FindBackward() {
  forward_ = false;
  SkipBackoff skips;
  while (cursor_->Valid()) {
    const key::Entry& first = cursor_->entry();
    if (BeyondLower(first.key())) break;
    const bool is_covered = IsCovered(first);
    if (is_covered && skips.IsDue()) {
      if (SkipCovered()) {
        skips.Succeeded();
        continue;
      }
      skips.Failed();
    }
    if (!is_covered && AllVisible()) {
      ShowCursor();
      CountPlainBehind();
      return;
    }
    copied_.key.assign(first.key());
    const Result<bool> live = ResolveCopiedKey();
    if (!live) return Fail(live.error());
    if (!cursor_->Valid() && !cursor_->status()) break;
    if (*live) {
      ShowCopy();
      return;
    }
  }
  End();
}

void DbIterator::SeekToFirst() {
  if (lower_) return Seek(*lower_);
  Run([this] {
    Refresh();
    reads_->statistics.Add(Counter::kSeeks);
    passing_ = false;
    cursor_->SeekToFirst();
    FindForward();
  });
}

void DbIterator::SeekToLast() {
  Run([this] {
    Refresh();
    reads_->statistics.Add(Counter::kSeeks);
    FindLast();
  });
}

void DbIterator::FindLast() {
  if (upper_) {
    cursor_->SeekForPrev(*upper_);
    PrevPastVersions(*upper_);
  } else {
    cursor_->SeekToLast();
  }
  FindBackward();
}

void DbIterator::Seek(std::string_view target) {
  Run([this, target] {
    target_.assign(target);
    Refresh();
    reads_->statistics.Add(Counter::kSeeks);
    passing_ = false;
    cursor_->Seek(BeyondLower(target_) ? *lower_ : target_);
    FindForward();
  });
}

void DbIterator::SeekForPrev(std::string_view target) {
  Run([this, target] {
    target_.assign(target);
    Refresh();
    reads_->statistics.Add(Counter::kSeeks);
    if (BeyondUpper(target_)) return FindLast();
    cursor_->SeekForPrev(target_);
    FindBackward();
  });
}

void DbIterator::Next() {
  AMETHYST_DCHECK(position_.valid);
  if (plain_steps_ > 0 && forward_ && !reads_->gate.IsClosed()) [[likely]] {
    --plain_steps_;
    cursor_->Next();
    const key::Entry& entry = cursor_->entry();
    position_.key = entry.key();
    position_.value = entry.value();
    return;
  }
  Run([this] { NextSlow(); });
}

void DbIterator::NextSlow() {
  reads_->statistics.Add(Counter::kSlowSteps);
  const bool reopen = view_.HoldsFlushedMemtable();
  if (reopen || at_ == At::kBefore) {
    Pass(position_.key);
    if (reopen) OpenCursor();
    cursor_->Seek(passed_key_);  // A cursor that is kept is before all versions of the key.
  } else {
    // The last key of a plain window has no older versions to pass.
    passing_ = false;
    if (!cursor_->WindowIsPlain()) Pass(position_.key);
    cursor_->Next();
  }
  FindForward();
}

void DbIterator::Prev() {
  AMETHYST_DCHECK(position_.valid);
  if (plain_steps_ > 0 && !forward_ && !reads_->gate.IsClosed()) [[likely]] {
    --plain_steps_;
    cursor_->Prev();
    const key::Entry& entry = cursor_->entry();
    position_.key = entry.key();
    position_.value = entry.value();
    return;
  }
  Run([this] { PrevSlow(); });
}

void DbIterator::PrevSlow() {
  reads_->statistics.Add(Counter::kSlowSteps);
  const bool reopen = view_.HoldsFlushedMemtable();
  if (reopen || at_ == At::kShown) {
    Pass(position_.key);
    if (reopen) {
      OpenCursor();
      cursor_->SeekForPrev(passed_key_);
    } else {
      cursor_->Prev();
    }
    PrevPastVersions(passed_key_);  // Newer ones, hidden from us, may lie before the one that was shown.
  }
  FindBackward();
}

}  // namespace amethyst::engine
