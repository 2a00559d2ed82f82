#include "engine/dead_stretches.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace amethyst::engine {

DeadStretches::Stretches::const_iterator DeadStretches::FirstEndingAfter(const Stretches& stretches,
                                                                         key::FamilyId family, const key::Order& order,
                                                                         const key::Bound& bound) {
  return std::ranges::partition_point(stretches, [&](const Stretch& stretch) {
    if (stretch.family != family) return stretch.family < family;
    return key::Compare(key::Bound::EndOf(stretch.found.Range()), bound, order) <= 0;
  });
}

bool DeadStretches::Find(key::FamilyId family, const key::Order& order, std::string_view key, key::ReadPoint read,
                         Found* found) const {
  if (count() == 0) return false;
  base::MutexLock lock(mutex_);
  const auto at = FirstEndingAfter(stretches_, family, order, {.side = 0, .key = key});
  if (at == stretches_.end() || at->family != family || !at->found.Range().Holds(key, order)) return false;
  if (read.visible < at->found.sequence) return false;
  if (Raw(at->found.sequence) < forgotten_.load(std::memory_order_acquire)) return false;
  if (read.now_ms < at->now_ms) return false;
  *found = at->found;
  return true;
}

void DeadStretches::Add(key::FamilyId family, const key::Order& order, const key::Range& range, key::ReadPoint read,
                        uint64_t entries) {
  if (Raw(read.visible) < forgotten_.load(std::memory_order_relaxed)) return;
  if (count() == kStretchesMax && entries <= least_entries_.load(std::memory_order_relaxed)) return;
  if (key::Compare(key::Bound::BeginOf(range), key::Bound::EndOf(range), order) >= 0) return;
  if ((range.begin && range.begin->size() > kKeyBytesMax) || (range.end && range.end->size() > kKeyBytesMax)) return;
  Stretch fresh{.family = family,
                .found = {.begin = std::optional<std::string>(range.begin),
                          .end = std::optional<std::string>(range.end),
                          .sequence = read.visible,
                          .entries = entries},
                .now_ms = read.now_ms};
  base::MutexLock lock(mutex_);
  MakeRoom(family, order, range);
  const auto least = [&]() AMETHYST_REQUIRES(mutex_) {
    return std::ranges::min_element(stretches_, {}, [](const Stretch& one) { return one.found.entries; });
  };
  if (stretches_.size() == kStretchesMax) stretches_.erase(least());
  AMETHYST_ASSERT(stretches_.size() < kStretchesMax);
  stretches_.insert(FirstEndingAfter(stretches_, family, order, key::Bound::BeginOf(range)), std::move(fresh));
  if (stretches_.size() == kStretchesMax) {
    least_entries_.store(least()->found.entries, std::memory_order_relaxed);
  }
  count_.store(stretches_.size(), std::memory_order_relaxed);
}

void DeadStretches::ForgetBefore(key::SequenceNumber sequence) {
  if (Raw(sequence) <= forgotten_.load(std::memory_order_relaxed)) return;
  base::MutexLock lock(mutex_);
  forgotten_.store(std::max(Raw(sequence), forgotten_.load(std::memory_order_relaxed)), std::memory_order_release);
  std::erase_if(stretches_, [&](const Stretch& one) { return one.found.sequence < sequence; });
  count_.store(stretches_.size(), std::memory_order_relaxed);
}

// One that holds the whole range is cut in front of it, and loses what lies behind.
void DeadStretches::MakeRoom(key::FamilyId family, const key::Order& order, const key::Range& range) {
  const auto begin_of = [](const Stretch& one) { return key::Bound::BeginOf(one.found.Range()); };
  const auto end_of = [](const Stretch& one) { return key::Bound::EndOf(one.found.Range()); };
  const key::Bound begin = key::Bound::BeginOf(range);
  const key::Bound end = key::Bound::EndOf(range);
  auto first = stretches_.begin() + (FirstEndingAfter(stretches_, family, order, begin) - stretches_.cbegin());
  if (first != stretches_.end() && first->family == family && key::Compare(begin_of(*first), begin, order) < 0) {
    first->found.end = range.begin;
    first->found.entries /= 2;
    ++first;
  }
  auto last = first;
  while (last != stretches_.end() && last->family == family && key::Compare(end_of(*last), end, order) <= 0) ++last;
  if (last != stretches_.end() && last->family == family && key::Compare(begin_of(*last), end, order) < 0) {
    last->found.begin = range.end;
    last->found.entries /= 2;
  }
  stretches_.erase(first, last);
  count_.store(stretches_.size(), std::memory_order_relaxed);
}

}  // namespace amethyst::engine
