#include "sstable/table_cursor.h"

#include <algorithm>
#include <utility>

#include "base/epoch.h"
#include "base/error.h"

namespace amethyst::sstable {

void TableCursor::Restart() {
  AMETHYST_DCHECK(!base::InEpoch());
  Clear();
  status_ = {};
  window_size_ = kWindowFirst;
  reading_.missed_in_a_row = 0;
}

void TableCursor::Fail(Error error) {
  // The seek that follows begins on the page: it is kept nowhere else where the cache is not filled.
  const bool keeps_page = reading_.asks && error.code() == ErrorCode::kBusy;
  Clear();
  status_ = std::unexpected(std::move(error));
  block_ = nullptr;
  block_index_ = kNone;
  block_frame_ = {};
  if (keeps_page) return;
  page_ = nullptr;
  page_index_ = kNone;
  page_frame_ = {};
}

bool TableCursor::OpenPage(uint32_t page) {
  if (page == page_index_) return true;
  block_index_ = kNone;
  page_index_ = kNone;
  if (options_.sequential) {
    auto made = tree_.ReadPage(tree_.top().entry(page).handle, &page_memory_);
    if (!made) return Fail(std::move(made).error()), false;
    page_ = *made;
  } else {
    auto loaded = tree_.LoadPage(page, KeepOf(false));
    if (!loaded) return Fail(std::move(loaded).error()), false;
    page_frame_ = std::move(loaded->frame);
    page_ = BlockTree::PageIn(page_frame_.get());
  }
  page_index_ = page;
  return true;
}

Keep TableCursor::KeepOf(bool is_scan) const {
  if (!options_.MayWait()) return Keep::kReadNothing;
  if (reading_.asks) return Keep::kAskFor;
  return options_.fill_cache && is_scan ? Keep::kIfReadBefore : KeepIf(options_.fill_cache);
}

uint64_t TableCursor::ReadLimit(uint32_t block) const {
  if (options_.upper_bound.data() == nullptr) {
    // Data blocks come before all index pages.
    return options_.sequential ? tree_.top().entry(0).handle.offset : page_->entry(page_->count() - 1).handle.end();
  }
  const uint32_t last = std::min(page_->Find(options_.upper_bound, tree_.order()), page_->count() - 1);
  return page_->entry(std::max(block, last)).handle.end();
}

Result<const Block*> TableCursor::LoadBlock(uint32_t block) {
  const BlockHandle handle = page_->entry(block).handle;
  const auto read = [&] { return read_buffer_.Get(tree_.file().file(), handle, ReadLimit(block)); };
  if (options_.sequential) {
    // A large one that is stored as it is need not be held twice.
    if (handle.stored_bytes == handle.raw_bytes && handle.stored_bytes > ReadBuffer::kLarge.max_bytes) {
      return tree_.ReadInPlace(page_->entry(block), &block_memory_, &stored_block_);
    }
    AMETHYST_ASSIGN(stored_block_, read());
    return tree_.DecodeBlock(page_->entry(block), stored_block_, &block_memory_);
  }
  const bool is_scan = reading_.missed_in_a_row >= kScanBlocks;
  // A walk that misses a second block in a row, on the way forward, is likely to miss more. A large block is read to
  // its place alone: many walks may rest on one each.
  const bool read_more = reading_.missed_in_a_row > 0 && handle.offset == reading_.next_offset &&
                         handle.stored_bytes <= ReadBuffer::kSmall.max_bytes;
  const BlockTree::ReadStored stored = read;
  AMETHYST_ASSIGN(Loaded loaded,
                  tree_.LoadBlock(page_frame_.get(), block, KeepOf(is_scan), read_more ? &stored : nullptr));
  block_frame_ = std::move(loaded.frame);
  reading_.missed_in_a_row = loaded.missed ? reading_.missed_in_a_row + 1 : 0;
  reading_.next_offset = handle.end();
  return BlockTree::BlockIn(block_frame_.get());
}

bool TableCursor::OpenBlock(const Place& place) {
  if (!OpenPage(place.page)) return false;
  AMETHYST_DCHECK(place.block < page_->count());
  if (place.block == block_index_) return true;
  block_index_ = kNone;
  auto block = LoadBlock(place.block);
  if (!block) return Fail(std::move(block).error()), false;
  block_ = *block;
  block_index_ = place.block;
  return true;
}

void TableCursor::PrefetchBlock(uint32_t block) const {
  if (options_.sequential || block >= page_->count()) return;
  const base::EpochGuard guard;
  const cache::Frame* const frame = page_->slot(block).Peek();
  if (frame == nullptr) return;
  // As far as the processor does not see to it by itself: it follows a walk, but not from one block to the next.
  constexpr size_t kLines = 16;
  for (size_t line = 0; line < kLines; ++line) __builtin_prefetch(frame->payload() + 64 * line);
  __builtin_prefetch(&frame->payload()[-64], 1);  // Its header will be pinned.
}

uint32_t TableCursor::WindowSize(Direction direction) {
  if (direction != direction_) {
    direction_ = direction;
    window_size_ = kWindowFirst;
  }
  return std::exchange(window_size_, std::min(window_size_ * 4, kWindowMax));
}

void TableCursor::Show(uint32_t begin, uint32_t end, uint32_t at) {
  AMETHYST_DCHECK(begin <= at && at < end && end <= block_->count());
  if (entries_.size() < end - begin) entries_.resize(end - begin);
  if (block_->HasSuffixKeys()) keys_.resize(std::max(keys_.size(), block_->KeyRoom(begin, end)));
  block_->Show(begin, end, entries_.data(), keys_.data());
  shown_begin_ = begin;
  shown_end_ = end;
  SetPlain(block_->IsPlain(), block_->max_sequence());
  const bool whole = end - begin == block_->count() && tree_.ShowsAsStored();
  SetWindow({entries_.data(), end - begin}, at - begin, whole ? stored_block_ : std::string_view());
}

void TableCursor::ShowFrom(uint32_t first) {
  const uint32_t end = first + std::min(WindowSize(Direction::kForward), block_->count() - first);
  Show(first, end, first);
}

void TableCursor::ShowUpTo(uint32_t end) { Show(end - std::min(WindowSize(Direction::kBackward), end), end, end - 1); }

std::optional<TableCursor::Place> TableCursor::NextPlace() const {
  if (block_index_ + 1 < page_->count()) return Place{.page = page_index_, .block = block_index_ + 1};
  if (page_index_ + 1 < tree_.top().count()) return Place{.page = page_index_ + 1, .block = 0};
  return std::nullopt;
}

void TableCursor::NextBlock() {
  const std::optional<Place> next = NextPlace();
  if (!next.has_value()) return Clear();
  if (!OpenBlock(*next)) return;
  PrefetchBlock(block_index_ + 1);
  ShowFrom(0);
}

void TableCursor::PrevBlock() {
  Place previous{.page = page_index_, .block = block_index_ - 1};
  if (block_index_ == 0) {
    if (page_index_ == 0) return Clear();
    if (!OpenPage(page_index_ - 1)) return;
    previous = {.page = page_index_, .block = page_->count() - 1};
  }
  if (!OpenBlock(previous)) return;
  if (block_index_ > 0) PrefetchBlock(block_index_ - 1);
  ShowUpTo(block_->count());
}

void TableCursor::NextWindow() {
  if (shown_end_ < block_->count()) return ShowFrom(shown_end_);
  NextBlock();
}

void TableCursor::PrevWindow() {
  if (shown_begin_ > 0) return ShowUpTo(shown_begin_);
  PrevBlock();
}

void TableCursor::SeekToFirst() {
  Restart();
  if (OpenBlock({.page = 0, .block = 0})) ShowFrom(0);
}

void TableCursor::SeekToLast() {
  Restart();
  if (!OpenPage(tree_.top().count() - 1)) return;
  if (OpenBlock({.page = page_index_, .block = page_->count() - 1})) ShowUpTo(block_->count());
}

bool TableCursor::OpenBlockFor(std::string_view target) {
  const uint32_t page = tree_.top().Find(target, tree_.order());
  if (page == tree_.top().count() || !OpenPage(page)) return false;
  const uint32_t block = page_->Find(target, tree_.order());
  if (block < page_->count()) return OpenBlock({.page = page, .block = block});
  Fail(base::Corruption("{}: index page at {} ends before its separator", tree_.file().path(),
                        tree_.top().entry(page).handle.offset)
           .error());
  return false;
}

void TableCursor::Seek(std::string_view target) {
  Restart();
  if (!OpenBlockFor(target)) return;
  const uint32_t first = block_->FirstNotBefore(target, tree_.order(), [](uint32_t) { return false; });
  // Between the block's last key and its separator: the next block begins behind the target.
  first == block_->count() ? NextBlock() : ShowFrom(first);
}

bool TableCursor::TrySeek(std::string_view target) {
  if (options_.sequential || !options_.MayWait()) {
    Seek(target);
    return true;
  }
  struct Asking {  // Ends, too, where a comparator throws.
    bool* asks;
    ~Asking() { *asks = false; }
  };
  reading_.asks = true;
  const Asking asking{&reading_.asks};
  Seek(target);
  return status_ || status_.error().code() != ErrorCode::kBusy;
}

void TableCursor::SeekForPrev(std::string_view target) {
  Restart();
  if (!OpenBlockFor(target)) {
    if (status_) SeekToLast();
    return;
  }
  for (;;) {
    const uint32_t behind = block_->FirstNotBefore(target, tree_.order(), [](uint32_t) { return true; });
    if (behind == 0) return PrevBlock();
    if (behind < block_->count() || !block_->continues() || !block_->KeyEquals(behind - 1, target)) {
      return ShowUpTo(behind);
    }
    // The target's older versions go on in the next block.
    const std::optional<Place> next = NextPlace();
    if (!next.has_value()) return ShowUpTo(behind);
    if (!OpenBlock(*next)) return;
  }
}

template <typename IsPassed>
bool TableCursor::Measure(IsPassed is_passed, Stretch* stretch) {
  const IndexPage& top = tree_.top();
  uint64_t entries = 0;
  // A stretch ends only where a key ends: a tombstone must not be passed without the older versions it hides.
  const auto pass = [&](const IndexEntry& child, Place behind) {
    entries += child.entries;
    if (!child.continues()) *stretch = {.next = behind, .entries = entries};
  };
  for (Place at{.page = page_index_, .block = block_index_};;) {
    for (; at.block < page_->count(); ++at.block) {
      if (!is_passed(*page_, at.block)) return true;
      const bool last = at.block + 1 == page_->count();
      pass(page_->entry(at.block), last ? Place{at.page + 1, 0} : Place{at.page, at.block + 1});
    }
    for (at = {.page = at.page + 1, .block = 0}; at.page < top.count() && is_passed(top, at.page); ++at.page) {
      pass(top.entry(at.page), {at.page + 1, 0});
    }
    if (at.page == top.count()) return true;
    if (!OpenPage(at.page)) return false;
  }
}

template <typename IsPassed>
uint64_t TableCursor::SkipChildren(IsPassed is_passed) {
  AMETHYST_DCHECK(Valid());
  constexpr uint64_t kFailed = 1;  // Not 0, which says that the cursor still stands here.
  const Place from{.page = page_index_, .block = block_index_};
  const uint32_t at = shown_begin_ + static_cast<uint32_t>(Ahead().data() - entries_.data());
  Stretch stretch{.next = from, .entries = 0};
  if (!Measure(is_passed, &stretch)) return kFailed;
  if (stretch.entries == 0) {
    if (page_index_ == from.page) return 0;
    // Measuring has gone to another page, and comes back to another copy of the block.
    if (!OpenBlock(from)) return kFailed;
    Show(shown_begin_, shown_end_, at);
    return 0;
  }
  if (stretch.next.page == tree_.top().count()) {
    Clear();
  } else if (OpenBlock(stretch.next)) {
    ShowFrom(0);
  }
  return stretch.entries - at;
}

uint64_t TableCursor::SkipDead(key::ReadPoint read, std::string_view limit) {
  return SkipChildren([&](const IndexPage& page, uint32_t child) {
    const IndexEntry entry = page.entry(child);
    return page.IsDead(child, read.now_ms) && read.Sees(entry.max_sequence()) &&
           page.EndsBefore(child, limit, tree_.order());
  });
}

// Of a child the index knows where the one before it ends: what it holds comes behind that.
bool TableCursor::SkipCoveredBack(const key::Cover& cover) {
  const IndexPage& top = tree_.top();
  const std::optional<std::string_view>& begin = cover.stretch.begin;
  const auto ends_inside = [&](const IndexPage& page, uint32_t child) {
    return !page.EndsBefore(child, *begin, tree_.order());
  };
  const auto begins_inside = [&](Place at) {
    if (!begin) return true;
    if (at.block > 0) return ends_inside(*page_, at.block - 1);
    return at.page > 0 && ends_inside(top, at.page - 1);
  };
  Place at{.page = page_index_, .block = block_index_};
  if (!cover.Hides(page_->entry(at.block).max_sequence()) || !begins_inside(at)) return false;
  do {
    if (at.block > 0) {
      --at.block;
      continue;
    }
    do {
      if (at.page == 0) {
        Clear();
        return true;
      }
      --at.page;
    } while (cover.Hides(top.entry(at.page).max_sequence()) && begins_inside({.page = at.page, .block = 0}));
    if (!OpenPage(at.page)) return true;
    at.block = page_->count() - 1;
  } while (cover.Hides(page_->entry(at.block).max_sequence()) && begins_inside(at));
  if (OpenBlock(at)) ShowUpTo(block_->count());
  return true;
}

bool TableCursor::SkipCovered(const key::Cover& cover, bool forward) {
  AMETHYST_DCHECK(Valid());
  if (!forward) return SkipCoveredBack(cover);
  const std::string_view limit = cover.stretch.end.value_or(std::string_view());
  if (cover.stretch.end && limit.empty()) return false;  // It would pass for no limit.
  return SkipChildren([&](const IndexPage& page, uint32_t child) {
           return cover.Hides(page.entry(child).max_sequence()) && page.EndsBefore(child, limit, tree_.order());
         }) > 0;
}

}  // namespace amethyst::sstable
