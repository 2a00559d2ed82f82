#include "server/types/set_algebra.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

namespace amethyst::server {

namespace {

// The members of one set in the order of MemberKey, in which exploded ones are stored. Inline ones are sorted first.
class OrderedWalk {
 public:
  struct Position {
    uint64_t hash;
    std::string_view name;
    friend auto operator<=>(const Position&, const Position&) = default;
  };

  explicit OrderedWalk(const Set& set) {
    if (set.is_exploded()) {
      walk_ = std::make_unique<MemberWalk>(set);
      return;
    }
    size_t offset = 0;
    while (const auto member = set.inline_members().TakeAt(&offset)) {
      sorted_.push_back({.hash = Hash48(member->name), .name = member->name});
    }
    std::ranges::sort(sorted_);
  }

  [[nodiscard]] bool Valid() const { return walk_ ? walk_->Valid() : next_ < sorted_.size(); }
  void Next() {
    if (walk_) {
      walk_->Next();
    } else {
      ++next_;
    }
  }
  [[nodiscard]] Position position() const {
    return walk_ ? Position{.hash = walk_->hash(), .name = walk_->member().name} : sorted_[next_];
  }

 private:
  std::unique_ptr<MemberWalk> walk_;
  std::vector<Position> sorted_;
  size_t next_ = 0;
};

}  // namespace

void WalkIntersection(const std::deque<Set>& sets, TakeMember take) {
  std::vector<const Set*> by_size;
  for (const Set& set : sets) by_size.push_back(&set);
  std::ranges::sort(by_size, {}, [](const Set* set) { return set->count(); });
  for (MemberWalk walk(*by_size.front()); walk.Valid(); walk.Next()) {
    const std::string_view name = walk.member().name;
    const auto has_it = [&](const Set* set) { return set->Contains(name); };
    if (std::all_of(by_size.begin() + 1, by_size.end(), has_it) && !take(name)) return;
  }
}

void WalkDifference(const std::deque<Set>& sets, TakeMember take) {
  for (MemberWalk walk(sets.front()); walk.Valid(); walk.Next()) {
    const std::string_view name = walk.member().name;
    const auto has_it = [&](const Set& set) { return set.Contains(name); };
    if (std::none_of(sets.begin() + 1, sets.end(), has_it) && !take(name)) return;
  }
}

void WalkUnion(const std::deque<Set>& sets, TakeMember take) {
  std::vector<OrderedWalk> walks;
  for (const Set& set : sets) walks.emplace_back(set);
  const auto comes_later = [](const OrderedWalk* a, const OrderedWalk* b) { return a->position() > b->position(); };
  std::priority_queue<OrderedWalk*, std::vector<OrderedWalk*>, decltype(comes_later)> queue(comes_later);
  for (OrderedWalk& walk : walks) {
    if (walk.Valid()) queue.push(&walk);
  }
  const auto step = [&] {
    OrderedWalk* const walk = queue.top();
    queue.pop();
    walk->Next();
    if (walk->Valid()) queue.push(walk);
  };
  while (!queue.empty()) {
    OrderedWalk* const first = queue.top();
    queue.pop();
    // The others that have it stand on it as well, since each has it once.
    while (!queue.empty() && queue.top()->position() == first->position()) step();
    if (!take(first->position().name)) return;
    first->Next();
    if (first->Valid()) queue.push(first);
  }
}

}  // namespace amethyst::server
