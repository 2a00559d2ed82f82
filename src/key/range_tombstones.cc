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
  Index();
}

void RangeTombstones::Index() {
  // It grows no more, and the room that it has in vain would be more than what the index takes.
  fragments_.shrink_to_fit();
  sequences_.shrink_to_fit();
  constexpr size_t kLeast = 8;
  const size_t count = fragments_.size();
  if (count < kLeast) return;
  row_.Start(count);
  for (size_t i = 0; i < count; ++i) row_.Add(SequencesOf(fragments_[i]).front(), TouchesNext(i));
  if (!order_.IsBytewise()) return;
  const Fragment& first = fragments_[fragments_.front().range.begin ? 0 : 1];
  heads_.Start(*first.range.begin, *fragments_.back().range.begin, count);
  for (const Fragment& fragment : fragments_) heads_.Add(fragment.range);
}

bool RangeTombstones::TouchesNext(size_t fragment) const {
  const std::optional<std::string_view>& end = fragments_[fragment].range.end;
  if (!end || fragment + 1 == fragments_.size()) return false;
  return order_.Compare(*end, *fragments_[fragment + 1].range.begin) == 0;
}

void RangeTombstones::LinkChains() {
  chains_.clear();
  for (uint32_t first = 0; first < fragments_.size();) {
    uint32_t last = first;
    const auto goes_on = [&] {
      return TouchesNext(last) && SequencesOf(fragments_[last + 1]).front() == SequencesOf(fragments_[first]).front();
    };
    while (goes_on()) ++last;
    chains_.resize(last + 1, Chain{.first = first, .last = last});
    first = last + 1;
  }
}

bool RangeTombstones::BeginsAtOrBefore(const Fragment& fragment, std::string_view key, Side side) const {
  if (side == Side::kAt) return !fragment.range.BeginsAfter(key, order_);
  return !fragment.range.begin || order_.Less(*fragment.range.begin, key);
}

bool RangeTombstones::HasEnded(const Fragment& fragment, std::string_view key, Side side) const {
  if (side == Side::kAt) return fragment.range.EndsAtOrBefore(key, order_);
  return fragment.range.end && order_.Less(*fragment.range.end, key);
}

RangeTombstones::Place RangeTombstones::PlaceOf(std::string_view key, Side side) const {
  if (!heads_.empty()) return IndexedPlaceOf(key, side);
  const auto begins = [&](const Fragment& fragment) { return BeginsAtOrBefore(fragment, key, side); };
  // A key beside them all, as most are where something old was deleted, is told by two comparisons.
  if (fragments_.empty() || !begins(fragments_.front())) return {};
  const auto behind = begins(fragments_.back()) ? fragments_.end() : std::ranges::partition_point(fragments_, begins);
  const auto begun = static_cast<size_t>(behind - fragments_.begin());
  return {.begun = begun, .inside = !HasEnded(fragments_[begun - 1], key, side)};
}

RangeTombstones::Place RangeTombstones::IndexedPlaceOf(std::string_view key, Side side) const {
  const RangeHeads::Target target = heads_.TargetOf(key);
  if (target.side != 0) [[unlikely]] {
    const size_t begun = target.side > 0 ? fragments_.size() : fragments_.front().range.begin ? 0 : 1;
    return {.begun = begun, .inside = begun > 0 && !HasEnded(fragments_[begun - 1], key, side)};
  }
  const RangeHeads::Begins begins = heads_.Find(target.head);
  size_t begun = begins.below;
  if (begins.ties_end > begins.below) [[unlikely]] {
    const auto ties = std::span(fragments_).subspan(begun, begins.ties_end - begun);
    const auto behind = std::ranges::partition_point(
        ties, [&](const Fragment& fragment) { return BeginsAtOrBefore(fragment, key, side); });
    begun += static_cast<size_t>(behind - ties.begin());
  }
  if (begun == 0) return {};
  const int end = heads_.CompareEnd(begun - 1, target.head);
  return {.begun = begun, .inside = end > 0 || (end == 0 && !HasEnded(fragments_[begun - 1], key, side))};
}

const RangeTombstones::Fragment* RangeTombstones::Find(std::string_view key) const {
  const Place place = PlaceOf(key);
  return place.inside ? &fragments_[place.begun - 1] : nullptr;
}

SequenceNumber RangeTombstones::NewestOf(const Fragment& fragment, SequenceNumber up_to) const {
  const std::span<const SequenceNumber> sequences = SequencesOf(fragment);
  const auto seen = std::ranges::lower_bound(sequences, up_to, std::greater<>());
  return seen == sequences.end() ? SequenceNumber{} : *seen;
}

Cover RangeTombstones::At(std::string_view key, SequenceNumber visible) const {
  const Place place = PlaceOf(key);
  if (place.inside) {
    const Fragment& fragment = fragments_[place.begun - 1];
    if (visible >= newest_ && !chains_.empty()) {
      const Chain& chain = chains_[place.begun - 1];
      return {.sequence = SequencesOf(fragment).front(),
              .stretch = {.begin = fragments_[chain.first].range.begin, .end = fragments_[chain.last].range.end}};
    }
    return {.sequence = NewestOf(fragment, visible), .stretch = fragment.range};
  }
  Cover none;
  if (place.begun > 0) none.stretch.begin = fragments_[place.begun - 1].range.end;
  if (place.begun < fragments_.size()) none.stretch.end = fragments_[place.begun].range.begin;
  return none;
}

SequenceNumber RangeTombstones::Covering(std::string_view key, SequenceNumber visible) const {
  const Fragment* const fragment = Find(key);
  return fragment == nullptr ? SequenceNumber{} : NewestOf(*fragment, visible);
}

Reach RangeTombstones::ReachFrom(std::string_view key, const CoveredWay& way) const {
  const Place place = PlaceOf(key);
  if (place.inside) return ReachOf(place.begun - 1, way);
  Reach none;
  if (way.forward && place.begun < fragments_.size()) none.edge = fragments_[place.begun].range.begin;
  if (!way.forward && place.begun > 0) none.edge = fragments_[place.begun - 1].range.end;
  return none;
}

Reach RangeTombstones::ReachBefore(std::string_view key, const CoveredWay& way) const {
  AMETHYST_DCHECK(!way.forward);
  const Place place = PlaceOf(key, Side::kBefore);
  if (place.inside) return ReachOf(place.begun - 1, way);
  return {.least = {}, .edge = place.begun > 0 ? fragments_[place.begun - 1].range.end : std::nullopt};
}

Reach RangeTombstones::ReachOf(size_t fragment, const CoveredWay& way) const {
  AMETHYST_DCHECK(way.at_least > SequenceNumber{});
  const auto edge_of = [&](size_t last) {
    return way.forward ? fragments_[last].range.end : fragments_[last].range.begin;
  };
  SequenceNumber least = NewestOf(fragments_[fragment], way.visible);
  if (least < way.at_least) return {.least = {}, .edge = edge_of(fragment)};
  if (way.visible >= newest_ && !row_.empty()) {
    const CoverRow::Reach reach =
        way.forward ? row_.Forward(fragment, way.at_least) : row_.Back(fragment, way.at_least);
    return {.least = reach.least, .edge = edge_of(reach.last)};
  }
  constexpr int kStepsMax = 64;
  size_t last = fragment;
  for (int step = 0; step < kStepsMax; ++step) {
    if (way.forward ? !TouchesNext(last) : last == 0 || !TouchesNext(last - 1)) break;
    const size_t next = way.forward ? last + 1 : last - 1;
    const SequenceNumber number = NewestOf(fragments_[next], way.visible);
    if (number < way.at_least) break;
    least = std::min(least, number);
    last = next;
  }
  return {.least = least, .edge = edge_of(last)};
}

std::span<const RangeTombstones::Fragment> RangeTombstones::Overlapping(std::string_view first,
                                                                        std::string_view last) const {
  const Place place = PlaceOf(first);
  const size_t begin = place.begun - (place.inside ? 1 : 0);
  const size_t end = std::max(begin, PlaceOf(last).begun);
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
