#include "merge/source_queue.h"

#include <algorithm>

namespace amethyst::merge {

void SourceQueue::Reset(Direction direction) {
  direction_ = direction;
  items_.clear();
}

void SourceQueue::Sort() {
  std::sort(items_.begin(), items_.end(), [this](const Item& a, const Item& b) { return Before(a, b); });
  if (ties_ > kTiesMax) Refocus();
}

void SourceQueue::WinnerMoved() {
  AMETHYST_DCHECK(!empty());
  Item moved = items_[0];
  if (!moved.cursor->Valid()) {
    items_.erase(items_.begin());
    return;
  }
  if (size() == 1) return;
  moved.rank = RankOf(moved.cursor->entry().key());
  size_t place = 1;  // How many of the items come before it, itself included.
  if (Before(items_[1], moved)) {
    const auto before = [&](const Item& item) { return Before(item, moved); };
    place = static_cast<size_t>(std::partition_point(items_.begin() + 2, items_.end(), before) - items_.begin());
  }
  std::move(items_.begin() + 1, items_.begin() + static_cast<ptrdiff_t>(place), items_.begin());
  items_[place - 1] = moved;
  if (ties_ > kTiesMax) Refocus();
}

uint64_t SourceQueue::RankOf(std::string_view key) const {
  if (!order_.IsBytewise()) return 0;
  uint64_t rank = 0;
  const int side = focus_.empty() ? 0 : key::CompareBytes(key.substr(0, focus_.size()), focus_);
  if (side == 0) rank = key::HeadOf(key, focus_.size());
  if (side > 0) rank = ~uint64_t{0};
  return direction_ == Direction::kForward ? rank : ~rank;
}

bool SourceQueue::Before(const Item& a, const Item& b) {
  if (a.rank != b.rank) return a.rank < b.rank;
  ++ties_;
  int order = order_.Compare(a.cursor->entry(), b.cursor->entry());
  if (order == 0) order = a.index < b.index ? -1 : a.index > b.index ? 1 : 0;
  return direction_ == Direction::kForward ? order < 0 : order > 0;
}

void SourceQueue::Refocus() {
  ties_ = 0;
  if (!order_.IsBytewise() || size() < 2) return;
  // No longer a prefix than lets the heads see the rest of the key, lest every few steps lead out of it.
  const std::string_view key = winner().entry().key();
  const size_t rest = key.size() > sizeof(key::Head) ? key.size() - sizeof(key::Head) : 0;
  focus_ = key.substr(0, std::min(rest, key::CommonPrefix(key, runner_up().key())));
  for (Item& item : items_) item.rank = RankOf(item.cursor->entry().key());
}

}  // namespace amethyst::merge
