#include "engine/db_iterator.h"

#include <algorithm>

#include "amethyst/snapshot.h"
#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"
#include "engine/dead_walk.h"
#include "key/moment.h"
#include "key/resolver.h"

namespace amethyst::engine {

namespace {

SnapshotPin PinFor(const ReadContext& reads, const ReadOptions& options, const Reader& reader) {
  if (reader.at) return {reads.snapshots, *reader.at};
  if (options.snapshot != nullptr) return {reads.snapshots, ReadPointOf(reads, options)};
  // The sequence is loaded under the list's lock: a job that does not see the pin began before.
  if (options.read_time) return {reads.snapshots, reads.visible, key::MillisecondsOf(*options.read_time)};
  return {reads.snapshots, reads.visible, *reads.clock};
}

// The view that the iterator stays with; nullptr: none. Before the sequence is pinned: see view.h.
ViewPtr PinnedViewFor(const ReadContext& reads, const ReadOptions& options, const Reader& reader) {
  return reads.follows ? ViewFor(reads, options, &reader) : nullptr;
}

Status Detached() { return base::MakeError(ErrorCode::kClosed, "the iterator's database is closed"); }

}  // namespace

DbIterator::DbIterator(const std::shared_ptr<ReadContext>& reads, const ReadOptions& options,
                       const tree::FamilyKey& family, const Reader& reader)
    : DbIterator(reads, options, family, reader, PinnedViewFor(*reads, options, reader)) {}

DbIterator::DbIterator(std::shared_ptr<ReadContext> reads, const ReadOptions& options, const tree::FamilyKey& family,
                       const Reader& reader, ViewPtr pinned)
    : reads_(std::move(reads)),
      pin_(PinFor(*reads_, options, reader)),
      read_(reader.Seeing(pin_.read())),
      bounds_{.lower = std::optional<std::string>(options.lower_bound),
              .upper = std::optional<std::string>(options.upper_bound)},
      reading_{.fill_cache = options.fill_cache, .memory_only = options.memory_only},
      view_(*reads_, family, reader.own, std::move(pinned)) {
  reads_->iterators.fetch_add(1, std::memory_order_relaxed);
  if (const Status in_time = CheckReadTime(*reads_, options); !in_time) view_.Refuse(in_time.error());
  status_ = reads_->gate.IsClosed() ? Detached() : view_.may_read();
  if (reader.listener != nullptr) {
    walk_ = std::make_unique<Walk>(*reader.listener);
    reader.listener->Began(*this);
  }
}

DbIterator::~DbIterator() {
  if (walk_ != nullptr) walk_->listener().Ended(*this);
  reads_->iterators.fetch_sub(1, std::memory_order_relaxed);
}

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
  if (!view_.may_read()) throw base::Thrown(view_.may_read().error());
  view_.Renew();
  const std::string_view upper = bounds_.upper ? std::string_view(*bounds_.upper) : std::string_view();
  cursor_ = view_.NewCursor(
      read_, {.fill_cache = reading_.fill_cache, .memory_only = &reading_.memory_only, .upper_bound = upper});
}

bool DbIterator::BeyondUpper(std::string_view key) const {
  return bounds_.upper && view_.order().Compare(key, *bounds_.upper) >= 0;
}

bool DbIterator::BeyondLower(std::string_view key) const {
  return bounds_.lower && view_.order().Less(key, *bounds_.lower);
}

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

void DbIterator::ShowCursor() {
  const key::Entry& entry = cursor_->entry();
  const key::EntryKind kind = entry.tag.kind();
  position_ = {.key = entry.key(),
               .value = key::ValueOf(kind, entry.value()),
               .valid = true,
               .expires_ms = key::ExpiryOf(kind, entry.value())};
  if (walk_ != nullptr && !key::IsOwn(entry.tag.sequence())) walk_->listener().SawExpiry(position_.expires_ms);
  at_ = At::kShown;
}

void DbIterator::ShowCopy() {
  position_ = {.key = copied_.key, .value = copied_.value, .valid = true, .expires_ms = copied_.expires_ms};
  if (walk_ != nullptr) walk_->listener().SawExpiry(copied_.changes_ms);
  at_ = At::kBefore;
  plain_steps_ = 0;
}

void DbIterator::FindForward() {
  forward_ = true;
  DeadWalk dead;
  WalkForward(&dead);
  if (dead.IsLong()) [[unlikely]]
    Remember(dead);
}

void DbIterator::WalkForward(DeadWalk* dead) {
  const key::Order& order = view_.order();
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
          if (dead->Passed() && PassDead(entry.key(), dead)) continue;
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
  DeadWalk dead;
  WalkBackward(&dead);
  if (dead.IsLong()) [[unlikely]]
    Remember(dead);
}

void DbIterator::WalkBackward(DeadWalk* dead) {
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
    if (dead->Passed() && cursor_->Valid()) static_cast<void>(PassDead(copied_.key, dead));
  }
  End();
}

void DbIterator::SeekToFirst() {
  if (bounds_.lower) return Seek(*bounds_.lower);
  Run([this] {
    if (walk_ != nullptr) BeginWalk(std::nullopt, true, false);
    Refresh();
    reads_->statistics.Add(Counter::kSeeks);
    passing_ = false;
    cursor_->SeekToFirst();
    FindForward();
  });
}

void DbIterator::SeekToLast() {
  Run([this] {
    if (walk_ != nullptr) BeginWalk(bounds_.upper, false, false);
    Refresh();
    reads_->statistics.Add(Counter::kSeeks);
    FindLast();
  });
}

void DbIterator::FindLast() {
  if (bounds_.upper) {
    cursor_->SeekForPrev(*bounds_.upper);
    PrevPastVersions(*bounds_.upper);
  } else {
    cursor_->SeekToLast();
  }
  FindBackward();
}

void DbIterator::Seek(std::string_view target) {
  Run([this, target] {
    target_.assign(target);
    if (walk_ != nullptr) BeginWalk(BeyondLower(target_) ? *bounds_.lower : target_, true, false);
    Refresh();
    reads_->statistics.Add(Counter::kSeeks);
    passing_ = false;
    SeekCursor(BeyondLower(target_) ? *bounds_.lower : target_, true);
    FindForward();
  });
}

void DbIterator::SeekForPrev(std::string_view target) {
  Run([this, target] {
    target_.assign(target);
    if (walk_ != nullptr) {
      const bool is_beyond = BeyondUpper(target_);
      BeginWalk(is_beyond ? *bounds_.upper : target_, false, !is_beyond);
    }
    Refresh();
    reads_->statistics.Add(Counter::kSeeks);
    if (BeyondUpper(target_)) return FindLast();
    SeekCursor(target_, false);
    FindBackward();
  });
}

bool DbIterator::BeginStep() {
  if (at_ == At::kRefused) [[unlikely]] {
    at_ = At::kShown;
    position_.key = reading_.from;
    return true;
  }
  if (reading_.memory_only) reading_.from.assign(position_.key);
  return false;
}

void DbIterator::EndStep() {
  if (!status_ && status_.error().code() == ErrorCode::kBusy && reading_.memory_only) at_ = At::kRefused;
}

void DbIterator::Next() {
  AMETHYST_DCHECK(position_.valid || at_ == At::kRefused);
  if (plain_steps_ > 0 && forward_ && !reads_->gate.IsClosed()) [[likely]] {
    --plain_steps_;
    cursor_->Next();
    const key::Entry& entry = cursor_->entry();
    position_.key = entry.key();
    position_.value = entry.value();
    return;
  }
  Run([this] { NextSlow(); });
  EndStep();
}

void DbIterator::NextSlow() {
  reads_->statistics.Add(Counter::kSlowSteps);
  const bool repeats = BeginStep();
  if (walk_ != nullptr && !forward_) walk_->Reach(position_.key, view_.order());
  const bool reopen = cursor_ == nullptr || view_.HoldsFlushedMemtable();
  if (reopen || repeats || at_ == At::kBefore) {
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
  AMETHYST_DCHECK(position_.valid || at_ == At::kRefused);
  if (plain_steps_ > 0 && !forward_ && !reads_->gate.IsClosed()) [[likely]] {
    --plain_steps_;
    cursor_->Prev();
    const key::Entry& entry = cursor_->entry();
    position_.key = entry.key();
    position_.value = entry.value();
    return;
  }
  Run([this] { PrevSlow(); });
  EndStep();
}

void DbIterator::PrevSlow() {
  reads_->statistics.Add(Counter::kSlowSteps);
  const bool repeats = BeginStep();
  if (walk_ != nullptr && forward_) walk_->Reach(position_.key, view_.order());
  const bool reopen = cursor_ == nullptr || view_.HoldsFlushedMemtable();
  if (reopen || repeats || at_ == At::kShown) {
    Pass(position_.key);
    if (reopen) OpenCursor();
    if (reopen || repeats) {
      cursor_->SeekForPrev(passed_key_);
    } else {
      cursor_->Prev();
    }
    PrevPastVersions(passed_key_);  // Newer ones, hidden from us, may lie before the one that was shown.
  }
  FindBackward();
}

}  // namespace amethyst::engine
