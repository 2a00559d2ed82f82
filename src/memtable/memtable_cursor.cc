#include "memtable/memtable_cursor.h"

#include <algorithm>

#include "memtable/dead_stretch.h"

namespace amethyst::memtable {

void MemtableCursor::Enter(const Node& leaf) {
  leaf_ = &leaf;
  order_ = leaf.LoadPermutation();
}

void MemtableCursor::SeekToFirst() {
  window_entries_ = kWindowFirst;
  Enter(tree_->FirstLeaf());
  ShowFromRank(0);
}

void MemtableCursor::SeekToLast() {
  window_entries_ = kWindowFirst;
  Enter(tree_->LastLeaf());
  ShowUpToRankBefore(order_.count());
}

void MemtableCursor::Seek(std::string_view target) {
  window_entries_ = kWindowFirst;
  leaf_ = &tree_->LeafOf(target);
  const KeyTree::Place place = tree_->Find(*leaf_, target);
  order_ = place.order;
  ShowFromRank(place.rank);
}

void MemtableCursor::SeekForPrev(std::string_view target) {
  window_entries_ = kWindowFirst;
  leaf_ = &tree_->LeafOf(target);
  const KeyTree::Place place = tree_->Find(*leaf_, target);
  order_ = place.order;
  ShowUpToRankBefore(place.rank + place.found);
}

uint64_t MemtableCursor::SkipDead(key::ReadPoint read, std::string_view limit) {
  if (!Valid() || !tree_->IsDeadAt(*leaf_, read)) return 0;
  const auto stretch = FindDeadStretch(*tree_, entry().key(), read, limit);
  if (!stretch) return 0;
  if (stretch->end == nullptr) {
    Clear();
  } else {
    window_entries_ = kWindowFirst;
    Enter(*stretch->end);
    ShowFromRank(0);
  }
  return stretch->entries;
}

// Nodes do not know how new their entries are, the tree does. If it is too new as a whole, then whatever is deleted in
// it may still be passed: the deletes hide what is older than the tree, and that is hidden anyway.
bool MemtableCursor::SkipCovered(const key::Cover& cover, bool forward) {
  if (!Valid()) return false;
  if (IsHiddenBy(cover)) {
    SeekBeyond(cover.stretch, forward);
    return true;
  }
  if (cover.visible == key::SequenceNumber{} || cover.sequence < tree_->base_sequence()) return false;
  if (!forward) return SkipDeadBack(cover);
  if (cover.stretch.end && cover.stretch.end->empty()) return false;  // It would pass for no limit.
  return SkipDead(cover.visible, cover.stretch.end.value_or(std::string_view())) > 0;
}

bool MemtableCursor::SkipDeadBack(const key::Cover& cover) {
  const Node* const first = FindDeadStretchBack(*tree_, entry().key(), cover.visible, cover.stretch.begin);
  if (first == nullptr) return false;
  window_entries_ = kWindowFirst;
  leaf_ = first;
  ShowUpToRankBefore(0);
  return true;
}

void MemtableCursor::SeekOver(std::string_view target, const key::Cover& cover, bool forward) {
  if (IsHiddenBy(cover)) return SeekBeyond(cover.stretch, forward);
  forward ? Seek(target) : SeekForPrev(target);
}

void MemtableCursor::SeekBeyond(const key::Range& stretch, bool forward) {
  const std::optional<std::string_view> edge = forward ? stretch.end : stretch.begin;
  if (!edge) {
    Clear();
  } else if (forward) {
    Seek(*edge);
  } else {
    Seek(*edge);
    Valid() ? Prev() : SeekToLast();
  }
}

const Record* MemtableCursor::NewestAt(uint32_t rank) const {
  const Record& newest = tree_->RecordAt(*leaf_, order_, rank);
  return read_ ? newest.VisibleAt(tree_->arena(), *read_) : &newest;
}

const Record* MemtableCursor::OldestOf(const Record& newest) const {
  return ShowsOlderThan(newest) ? &newest.AtDepth(tree_->arena(), 0) : &newest;
}

void MemtableCursor::NextWindow() {
  Grow();
  if (ShowsOlderThan(*last_.version)) {
    ShowFrom(Edge{last_.rank, last_.version->Older(tree_->arena())});
  } else {
    ShowFromRank(last_.rank + 1);
  }
}

void MemtableCursor::PrevWindow() {
  Grow();
  const Record& newest = *NewestAt(first_.rank);
  if (first_.version != &newest && first_.version->depth() < newest.depth()) {
    ShowUpTo(Edge{first_.rank, &newest.AtDepth(tree_->arena(), first_.version->depth() + 1)});
  } else {
    ShowUpToRankBefore(first_.rank);
  }
}

void MemtableCursor::ShowFromRank(uint32_t rank) {
  for (;; ++rank) {
    if (rank == order_.count()) {
      const Node* next = tree_->LeafAfter(*leaf_);
      if (next == nullptr) return Clear();
      Enter(*next);
      AMETHYST_DCHECK(order_.count() != 0);
      rank = 0;
    }
    if (const Record* const newest = NewestAt(rank); newest != nullptr) return ShowFrom(Edge{rank, newest});
  }
}

// The leaf itself was prefetched when the one before was shown, so that its records' offsets are at hand.
void MemtableCursor::PrefetchNextLeaf() const {
  const Node* next = tree_->LeafAfter(*leaf_);
  if (next == nullptr) return;
  const Permutation order = next->LoadPermutation();
  for (uint32_t rank = 0; rank < order.count(); ++rank) {
    const char* record = tree_->arena().At<char>(next->SlotAt(order, rank));
    __builtin_prefetch(record);
    __builtin_prefetch(record + Arena::kLineBytes);
  }
  if (const Node* after = tree_->LeafAfter(*next); after != nullptr) after->Prefetch();
}

void MemtableCursor::ShowUpToRankBefore(uint32_t rank) {
  for (;; --rank) {
    if (rank == 0) {
      const Node* before = tree_->LeafBefore(*leaf_);
      if (before == nullptr) return Clear();
      // A leaf that is being split may still hold what is to the right of the fence.
      const KeyTree::Place place = tree_->Find(*before, tree_->RecordAt(leaf_->low).key());
      leaf_ = before;
      order_ = place.order;
      rank = place.rank;
      AMETHYST_ASSERT(rank != 0);
    }
    if (const Record* const newest = NewestAt(rank - 1); newest != nullptr) {
      return ShowUpTo(Edge{rank - 1, OldestOf(*newest)});
    }
  }
}

void MemtableCursor::ShowFrom(Edge first) {
  AMETHYST_DCHECK(first.rank < order_.count() && window_entries_ <= kWindowMax);
  first_ = first;
  // Nothing newer before the window, no older versions in or after it, and only plain ones.
  bool plain = first.version == NewestAt(first.rank);
  uint64_t tag_bits_max = 0;
  uint32_t size = 0;
  for (Edge edge = first;;) {
    const key::Entry entry = edge.version->entry();
    entries_[size++] = entry;
    last_ = edge;
    plain = plain && IsPlain(*edge.version);
    tag_bits_max = std::max(tag_bits_max, entry.tag.bits());
    if (size == window_entries_) break;
    if (ShowsOlderThan(*edge.version)) {
      edge.version = edge.version->Older(tree_->arena());
      continue;
    }
    do {
      edge.version = ++edge.rank == order_.count() ? nullptr : NewestAt(edge.rank);
    } while (edge.version == nullptr && edge.rank < order_.count());
    if (edge.version == nullptr) break;
  }
  if (last_.rank + 1 == order_.count() && window_entries_ > kWindowFirst) PrefetchNextLeaf();
  SetPlain(plain, key::Tag::FromBits(tag_bits_max).sequence());
  SetWindow({entries_.data(), size}, 0);
}

void MemtableCursor::ShowUpTo(Edge last) {
  AMETHYST_DCHECK(last.rank < order_.count() && window_entries_ <= kWindowMax);
  last_ = last;
  bool plain = !ShowsOlderThan(*last.version);
  uint64_t tag_bits_max = 0;
  uint32_t begin = window_entries_;  // The window grows downward to it, key by key.
  for (Edge edge = last;;) {
    const Record& newest = *NewestAt(edge.rank);
    // The versions of a key from edge.version on to newer ones, as many as there is room for: they are linked the other
    // way.
    const uint32_t newer = edge.version == &newest ? 0 : newest.depth() - edge.version->depth();
    const uint32_t count = std::min(newer + 1, begin);
    begin -= count;
    const Record* version =
        count == 1 ? edge.version : &newest.AtDepth(tree_->arena(), edge.version->depth() + count - 1);
    first_ = Edge{edge.rank, version};
    for (uint32_t i = begin; i < begin + count; ++i) {
      entries_[i] = version->entry();
      tag_bits_max = std::max(tag_bits_max, version->tag().bits());
      if (version->has_older()) version = version->Older(tree_->arena());
    }
    plain = plain && edge.version == &newest && IsPlain(newest);
    if (first_.version != &newest || begin == 0) break;
    const Record* next = nullptr;
    while (edge.rank > 0 && next == nullptr) next = NewestAt(--edge.rank);
    if (next == nullptr) break;
    edge.version = OldestOf(*next);
  }
  SetPlain(plain, key::Tag::FromBits(tag_bits_max).sequence());
  SetWindow({entries_.data() + begin, window_entries_ - begin}, window_entries_ - begin - 1);
}

}  // namespace amethyst::memtable
