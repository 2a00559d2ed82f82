#include "key/range_tombstones.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <iterator>

#include "base/assert.h"

namespace amethyst::key {

namespace {

// Where a tombstone begins or ends to cover.
struct Event {
  Bound at;
  SequenceNumber sequence;
  bool begins;
};

// Sorts by merging the stretches that are in order: lists of fragments, put one behind the other, are a few such.
void MergeStretches(std::vector<Event>* events, const Order& order) {
  const auto before = [&order](const Event& a, const Event& b) { return Compare(a.at, b.at, order) < 0; };
  std::vector<size_t> ends;  // Of the stretches.
  for (size_t i = 1; i < events->size(); ++i) {
    if (before((*events)[i], (*events)[i - 1])) ends.push_back(i);
  }
  ends.push_back(events->size());
  std::vector<Event> merged;
  while (ends.size() > 1) {
    merged.clear();
    std::vector<size_t> merged_ends;
    const auto at = [events](size_t i) { return events->begin() + static_cast<std::ptrdiff_t>(i); };
    for (size_t i = 0; i < ends.size(); i += 2) {
      const size_t begin = i == 0 ? 0 : ends[i - 1];
      const size_t end = i + 1 < ends.size() ? ends[i + 1] : ends[i];
      std::merge(at(begin), at(ends[i]), at(ends[i]), at(end), std::back_inserter(merged), before);
      merged_ends.push_back(end);
    }
    events->swap(merged);
    ends.swap(merged_ends);
  }
}

std::vector<Event> EventsOf(std::span<const RangeTombstone> tombstones, const Order& order) {
  std::vector<Event> events;
  events.reserve(2 * tombstones.size());
  for (const RangeTombstone& tombstone : tombstones) {
    const Bound begin = Bound::BeginOf(tombstone.range);
    const Bound end = Bound::EndOf(tombstone.range);
    if (Compare(begin, end, order) >= 0) continue;
    events.push_back({begin, tombstone.sequence, true});
    events.push_back({end, tombstone.sequence, false});
  }
  MergeStretches(&events, order);
  return events;
}

}  // namespace

RangeTombstones::RangeTombstones(std::span<const RangeTombstone> tombstones, const Order& order,
                                 std::span<const SequenceNumber> snapshots)
    : order_(order) {
  const std::vector<Event> events = EventsOf(tombstones, order);
  std::vector<SequenceNumber> active;  // Newest first.
  std::vector<SequenceNumber> told_apart;
  for (size_t i = 0; i < events.size();) {
    const Bound at = events[i].at;
    for (; i < events.size() && Compare(events[i].at, at, order) == 0; ++i) {
      if (events[i].begins) {
        active.insert(std::ranges::upper_bound(active, events[i].sequence, std::greater<>()), events[i].sequence);
      } else {
        active.erase(std::ranges::lower_bound(active, events[i].sequence, std::greater<>()));
      }
    }
    if (active.empty()) continue;
    AMETHYST_ASSERT(i < events.size());  // Whatever is active ends.
    told_apart.assign(1, active.front());
    for (size_t s = snapshots.size(); s-- > 0;) {
      const auto seen = std::ranges::lower_bound(active, snapshots[s], std::greater<>());
      if (seen != active.end() && *seen != told_apart.back()) told_apart.push_back(*seen);
    }
    Add({.begin = at.AsKey(), .end = events[i].at.AsKey()}, told_apart);
  }
}

void RangeTombstones::Add(const Range& range, std::span<const SequenceNumber> sequences) {
  AMETHYST_DCHECK(!sequences.empty() && std::ranges::is_sorted(sequences, std::greater<>()));
  newest_ = std::max(newest_, sequences.front());
  if (!fragments_.empty() && range.begin) {
    Fragment& last = fragments_.back();
    const bool touches = last.range.end && order_.Compare(*last.range.end, *range.begin) == 0;
    if (touches && std::ranges::equal(SequencesOf(last), sequences)) {
      last.range.end = range.end;
      return;
    }
  }
  fragments_.push_back({range, static_cast<uint32_t>(sequences_.size()), static_cast<uint32_t>(sequences.size())});
  sequences_.insert(sequences_.end(), sequences.begin(), sequences.end());
}

bool RangeTombstones::Append(const Range& range, std::span<const SequenceNumber> sequences) {
  const auto is_newer = [](SequenceNumber a, SequenceNumber b) { return a > b; };
  const bool in_order = std::ranges::adjacent_find(sequences, std::not_fn(is_newer)) == sequences.end();
  if (sequences.empty() || !in_order) return false;
  const Bound begin = Bound::BeginOf(range);
  if (Compare(begin, Bound::EndOf(range), order_) >= 0) return false;
  if (!fragments_.empty() && Compare(Bound::EndOf(fragments_.back().range), begin, order_) > 0) return false;
  Add(range, sequences);
  return true;
}

void RangeTombstones::KeepKeys() {
  size_t bytes = 0;
  for (const Fragment& fragment : fragments_) {
    bytes += fragment.range.begin.value_or("").size() + fragment.range.end.value_or("").size();
  }
  const auto keys = std::make_shared<char[]>(bytes);
  char* to = keys.get();
  const auto keep = [&to](std::optional<std::string_view>* bound) {
    if (!*bound) return;
    std::memcpy(to, (*bound)->data(), (*bound)->size());
    *bound = std::string_view(to, (*bound)->size());
    to += (*bound)->size();
  };
  for (Fragment& fragment : fragments_) {
    keep(&fragment.range.begin);
    keep(&fragment.range.end);
  }
  keys_ = keys;
  LinkChains();
}

void RangeTombstones::LinkChains() {
  chains_.clear();
  for (uint32_t first = 0; first < fragments_.size();) {
    uint32_t last = first;
    const auto goes_on = [&] {
      const Range& range = fragments_[last].range;
      if (last + 1 == fragments_.size() || !range.end) return false;
      const Fragment& next = fragments_[last + 1];
      return SequencesOf(next).front() == SequencesOf(fragments_[first]).front() &&
             order_.Compare(*range.end, *next.range.begin) == 0;
    };
    while (goes_on()) ++last;
    chains_.resize(last + 1, Chain{.first = first, .last = last});
    first = last + 1;
  }
}

size_t RangeTombstones::CountAtOrBefore(std::string_view key) const {
  // A key beside them all, as most are where something old was deleted, is told by two comparisons.
  if (fragments_.empty() || fragments_.front().range.BeginsAfter(key, order_)) return 0;
  if (!fragments_.back().range.BeginsAfter(key, order_)) return fragments_.size();
  const auto behind = std::ranges::partition_point(
      fragments_, [&](const Fragment& fragment) { return !fragment.range.BeginsAfter(key, order_); });
  return static_cast<size_t>(behind - fragments_.begin());
}

const RangeTombstones::Fragment* RangeTombstones::Find(std::string_view key) const {
  const size_t count = CountAtOrBefore(key);
  if (count == 0 || fragments_[count - 1].range.EndsAtOrBefore(key, order_)) return nullptr;
  return &fragments_[count - 1];
}

SequenceNumber RangeTombstones::NewestOf(const Fragment& fragment, SequenceNumber up_to) const {
  const std::span<const SequenceNumber> sequences = SequencesOf(fragment);
  const auto seen = std::ranges::lower_bound(sequences, up_to, std::greater<>());
  return seen == sequences.end() ? SequenceNumber{} : *seen;
}

Cover RangeTombstones::At(std::string_view key, SequenceNumber visible) const {
  const size_t count = CountAtOrBefore(key);
  if (count > 0 && !fragments_[count - 1].range.EndsAtOrBefore(key, order_)) {
    const Fragment& fragment = fragments_[count - 1];
    if (visible >= newest_ && !chains_.empty()) {
      const Chain& chain = chains_[count - 1];
      return {.sequence = SequencesOf(fragment).front(),
              .stretch = {.begin = fragments_[chain.first].range.begin, .end = fragments_[chain.last].range.end}};
    }
    return {.sequence = NewestOf(fragment, visible), .stretch = fragment.range};
  }
  Cover none;
  if (count > 0) none.stretch.begin = fragments_[count - 1].range.end;
  if (count < fragments_.size()) none.stretch.end = fragments_[count].range.begin;
  return none;
}

std::span<const RangeTombstones::Fragment> RangeTombstones::Overlapping(std::string_view first,
                                                                        std::string_view last) const {
  size_t begin = CountAtOrBefore(first);
  if (begin > 0 && !fragments_[begin - 1].range.EndsAtOrBefore(first, order_)) --begin;
  const size_t end = std::max(begin, CountAtOrBefore(last));
  return std::span(fragments_).subspan(begin, end - begin);
}

bool RangeTombstones::CoverAll(std::string_view first, std::string_view last, SequenceNumber above,
                               SequenceNumber up_to) const {
  std::optional<std::string_view> reached = first;  // All keys before it are covered; nullopt: all keys.
  for (const Fragment& fragment : Overlapping(first, last)) {
    if (!reached || fragment.range.BeginsAfter(*reached, order_)) break;
    if (NewestOf(fragment, up_to) <= above) return false;
    reached = fragment.range.end;
  }
  return !reached || order_.Less(last, *reached);
}

void RangeTombstones::AppendTo(std::vector<RangeTombstone>* tombstones) const {
  for (const Fragment& fragment : fragments_) {
    for (const SequenceNumber sequence : SequencesOf(fragment)) tombstones->push_back({fragment.range, sequence});
  }
}

}  // namespace amethyst::key
