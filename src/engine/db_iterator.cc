#include "engine/db_iterator.h"

#include <algorithm>

#include "amethyst/snapshot.h"
#include "base/assert.h"
#include "base/error.h"
#include "merge/merge_cursor.h"

namespace amethyst::engine {

namespace {

std::optional<std::string> Copy(std::optional<std::string_view> bound) {
  if (!bound) return std::nullopt;
  return std::string(*bound);
}

SnapshotPin PinFor(const Core& core, const ReadOptions& options) {
  if (options.snapshot == nullptr) return {core.snapshots, core.visible};
  return {core.snapshots, key::SequenceNumber{options.snapshot->sequence()}};
}

Status Detached() { return base::MakeError(ErrorCode::kClosed, "the iterator's database is closed"); }

// After that many tombstones in a row whole dead subtrees are looked for.
constexpr uint32_t kTombstonesBeforeSkip = 4;

}  // namespace

DbIterator::DbIterator(std::shared_ptr<Core> core, const ReadOptions& options)
    : core_(std::move(core)),
      pin_(PinFor(*core_, options)),
      visible_(pin_.sequence()),
      lower_(Copy(options.lower_bound)),
      upper_(Copy(options.upper_bound)),
      fill_cache_(options.fill_cache) {
  core_->iterators.fetch_add(1, std::memory_order_relaxed);
  if (core_->gate.IsClosed()) status_ = Detached();
}

DbIterator::~DbIterator() { core_->iterators.fetch_sub(1, std::memory_order_relaxed); }

template <typename Move>
void DbIterator::Run(Move move) {
  const OperationGate::Operation operation(core_->gate);
  status_ = {};
  if (!operation) {
    position_.valid = false;
    status_ = Detached();
    return;
  }
  move();
}

// For seeks: any newer view will do, for the pin keeps in it all that we can see.
void DbIterator::Refresh() {
  const auto is_current = [this] {
    const base::EpochGuard guard;
    return core_->view->Peek() == view_.get();
  };
  if (!is_current()) OpenCursor();
}

// For steps: whether the memory of a flushed memtable is held by us.
bool DbIterator::HoldsFlushedMemtable() {
  const base::EpochGuard guard;
  const View* now = core_->view->Peek();
  if (now == seen_view_) return false;
  seen_view_ = now;
  const WriteBufferPtr& oldest = view_->immutable.empty() ? view_->active : view_->immutable.back();
  return oldest != now->active && std::ranges::find(now->immutable, oldest) == now->immutable.end();
}

void DbIterator::OpenCursor() {
  view_ = core_->view->Acquire();
  seen_view_ = view_.get();
  std::vector<std::unique_ptr<key::Cursor>> sources;
  const auto add = [&](const WriteBufferPtr& buffer) {
    // Whatever is or comes into a memtable after what we see, is not for us.
    if (buffer->memtable.first_sequence() > visible_) return;
    sources.push_back(memtable::Memtable::NewCursor(MemtableOf(buffer)));
  };
  add(view_->active);
  for (const WriteBufferPtr& buffer : view_->immutable) add(buffer);
  const std::string_view upper = upper_ ? std::string_view(*upper_) : std::string_view();
  tree::AppendCursors(*view_->version, {.fill_cache = fill_cache_, .upper_bound = upper}, &sources);
  cursor_ = merge::NewMergeCursor(std::move(sources), core_->settings.order);
}

bool DbIterator::BeyondUpper(std::string_view key) const {
  return upper_ && core_->settings.order.Compare(key, *upper_) >= 0;
}

bool DbIterator::BeyondLower(std::string_view key) const { return lower_ && core_->settings.order.Less(key, *lower_); }

void DbIterator::Pass(std::string_view key) {
  passed_key_.assign(key);
  passing_ = true;
}

void DbIterator::End() {
  position_ = {};
  plain_steps_ = 0;
  if (cursor_ != nullptr) status_ = cursor_->status();
}

bool DbIterator::BatchIsVisible() const { return cursor_->BatchIsPlain() && cursor_->BatchMaxSequence() <= visible_; }

void DbIterator::CountPlainAhead() {
  plain_steps_ = 0;
  const std::span<const key::Entry> ahead = cursor_->Ahead();
  if (ahead.size() < 2 || !BatchIsVisible()) return;
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
  if (behind.size() < 2 || !BatchIsVisible()) return;
  const auto first = !lower_ || !BeyondLower(behind.front().key())
                         ? behind.begin()
                         : std::partition_point(behind.begin(), behind.end() - 1,
                                                [this](const key::Entry& entry) { return BeyondLower(entry.key()); });
  plain_steps_ = static_cast<size_t>(behind.end() - first) - 1;
}

void DbIterator::ShowCursor() {
  const key::Entry& entry = cursor_->entry();
  position_ = {.key = entry.key(), .value = entry.value(), .valid = true};
  at_ = At::kShown;
}

void DbIterator::ShowCopy() {
  position_ = {.key = copied_key_, .value = copied_value_, .valid = true};
  at_ = At::kBefore;
  plain_steps_ = 0;
}

// At a tombstone that is visible. True: the cursor has moved, ended or failed, and has to be looked at anew.
bool DbIterator::SkipTombstones() {
  const std::string_view limit = upper_ ? std::string_view(*upper_) : std::string_view();
  return cursor_->SkipDead(visible_, limit) > 0;
}

void DbIterator::FindForward() {
  const key::Order& order = core_->settings.order;
  forward_ = true;
  uint32_t tombstones = 0;
  while (cursor_->Valid()) {
    const key::Entry& entry = cursor_->entry();
    if (BeyondUpper(entry.key())) break;
    const bool hidden = entry.tag.sequence() > visible_ || (passing_ && order.Compare(entry.key(), passed_key_) == 0);
    if (!hidden) {
      if (entry.tag.kind() == key::EntryKind::kPut) {
        passing_ = false;
        ShowCursor();
        CountPlainAhead();
        return;
      }
      Pass(entry.key());
      if (++tombstones > kTombstonesBeforeSkip && SkipTombstones()) continue;
    }
    cursor_->Next();
  }
  End();
}

// Going backward the versions of a key come oldest first, so the last visible one counts; unless nothing needs looking
// at, the cursor has then left the key and a copy is shown.
void DbIterator::FindBackward() {
  const key::Order& order = core_->settings.order;
  forward_ = false;
  while (cursor_->Valid()) {
    const key::Entry& first = cursor_->entry();
    if (BeyondLower(first.key())) break;
    if (BatchIsVisible()) {
      ShowCursor();
      CountPlainBehind();
      return;
    }
    copied_key_.assign(first.key());
    bool live = false;
    while (cursor_->Valid() && order.Compare(cursor_->entry().key(), copied_key_) == 0) {
      const key::Entry& entry = cursor_->entry();
      if (entry.tag.sequence() <= visible_) {
        live = entry.tag.kind() == key::EntryKind::kPut;
        if (live) copied_value_.assign(entry.value());
      }
      cursor_->Prev();
    }
    if (!cursor_->Valid() && !cursor_->status()) break;
    if (live) {
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
    core_->statistics.Add(Counter::kSeeks);
    passing_ = false;
    cursor_->SeekToFirst();
    FindForward();
  });
}

void DbIterator::SeekToLast() {
  Run([this] {
    Refresh();
    core_->statistics.Add(Counter::kSeeks);
    if (upper_) {
      cursor_->SeekForPrev(*upper_);
      while (cursor_->Valid() && BeyondUpper(cursor_->entry().key())) cursor_->Prev();
    } else {
      cursor_->SeekToLast();
    }
    FindBackward();
  });
}

void DbIterator::Seek(std::string_view target) {
  target_.assign(target);
  Run([this] {
    Refresh();
    core_->statistics.Add(Counter::kSeeks);
    passing_ = false;
    cursor_->Seek(BeyondLower(target_) ? *lower_ : target_);
    FindForward();
  });
}

void DbIterator::SeekForPrev(std::string_view target) {
  if (BeyondUpper(target)) return SeekToLast();
  target_.assign(target);
  Run([this] {
    Refresh();
    core_->statistics.Add(Counter::kSeeks);
    cursor_->SeekForPrev(target_);
    FindBackward();
  });
}

void DbIterator::Next() {
  AMETHYST_DCHECK(position_.valid);
  if (plain_steps_ > 0 && forward_ && !core_->gate.IsClosed()) [[likely]] {
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
  core_->statistics.Add(Counter::kSlowSteps);
  const bool reopen = HoldsFlushedMemtable();
  if (reopen || at_ == At::kBefore) {
    Pass(position_.key);
    if (reopen) OpenCursor();
    cursor_->Seek(passed_key_);  // A cursor that is kept is before all versions of the key.
  } else {
    // The last key of a plain batch has no older versions to pass.
    passing_ = false;
    if (!cursor_->BatchIsPlain()) Pass(position_.key);
    cursor_->Next();
  }
  FindForward();
}

void DbIterator::Prev() {
  AMETHYST_DCHECK(position_.valid);
  if (plain_steps_ > 0 && !forward_ && !core_->gate.IsClosed()) [[likely]] {
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
  core_->statistics.Add(Counter::kSlowSteps);
  const bool reopen = HoldsFlushedMemtable();
  if (reopen || at_ == At::kShown) {
    Pass(position_.key);
    if (reopen) {
      OpenCursor();
      cursor_->SeekForPrev(passed_key_);
    } else {
      cursor_->Prev();
    }
    // Newer versions, hidden from us, may lie before the one that was shown.
    while (cursor_->Valid() && core_->settings.order.Compare(cursor_->entry().key(), passed_key_) == 0) cursor_->Prev();
  }
  FindBackward();
}

}  // namespace amethyst::engine
