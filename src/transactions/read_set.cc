#include "transactions/read_set.h"

#include <cstring>
#include <exception>
#include <iterator>
#include <utility>

#include "base/coding.h"
#include "base/epoch.h"
#include "engine/db_iterator.h"
#include "key/range.h"

namespace amethyst::transactions {

namespace {

using engine::SeenRange;

// Joins `next`, which begins no earlier, to `range` where they touch or `always`. False: it did not.
bool Join(SeenRange* range, SeenRange& next, bool always, const key::Order& order) {
  const bool touches = !range->end || !next.begin || order.Compare(*next.begin, *range->end) <= 0;
  if (!touches && !always) return false;
  if (!range->end) return true;
  const int ends = next.end ? order.Compare(*range->end, *next.end) : -1;
  if (ends == 0) range->holds_end |= next.holds_end;
  if (ends < 0) {
    range->end = std::move(next.end);
    range->holds_end = next.holds_end;
  }
  return true;
}

}  // namespace

ReadSet::Point ReadSet::TakePoint(std::string_view* rest) {
  Point point;
  uint32_t family = 0;
  uint32_t size_and_absent = 0;
  std::memcpy(&family, rest->data(), sizeof family);
  std::memcpy(&size_and_absent, rest->data() + sizeof family, sizeof size_and_absent);
  point.family = key::FamilyId{family};
  point.was_absent = (size_and_absent & 1) != 0;
  point.key = rest->substr(kPointHeadBytes, size_and_absent >> 1);
  rest->remove_prefix(kPointHeadBytes + point.key.size());
  return point;
}

// What an exception leaves half done is not known: then everything counts.
class ReadSet::Complete {
 public:
  explicit Complete(ReadSet* set) : set_(set), exceptions_(std::uncaught_exceptions()) {}
  ~Complete() {
    if (std::uncaught_exceptions() > exceptions_) set_->all_counts_ = true;
  }
  Complete(const Complete&) = delete;
  Complete& operator=(const Complete&) = delete;

 private:
  ReadSet* const set_;
  const int exceptions_;
};

void ReadSet::NoteFamily(key::FamilyId family) {
  if (family == key::kDefaultFamily || std::ranges::find(families_, family) != families_.end()) return;
  families_.push_back(family);
}

void ReadSet::Encode(const Point& point, char* bytes) {
  const uint32_t family = key::Raw(point.family);
  const uint32_t size_and_absent = static_cast<uint32_t>(point.key.size() << 1) | (point.was_absent ? 1 : 0);
  std::memcpy(bytes, &family, sizeof family);
  std::memcpy(bytes + sizeof family, &size_and_absent, sizeof size_and_absent);
  std::memcpy(bytes + kPointHeadBytes, point.key.data(), point.key.size());
}

void ReadSet::AddPoint(const Point& point) {
  if (all_counts_ || point.key.size() > kKeyBytesMax) return;  // Of a longer key nothing can ever be there.
  const size_t bytes = kPointHeadBytes + point.key.size();
  const bool has_room = points_.empty() && bytes <= first_points_.size() - first_bytes_;
  if (has_room && point.family == key::kDefaultFamily && MemoryBytes() + bytes <= limit_bytes_) {
    Encode(point, first_points_.data() + first_bytes_);
    first_bytes_ += bytes;
    ++point_count_;
    return;
  }
  const Complete complete(this);
  NoteFamily(point.family);
  const size_t before = points_.size();
  points_.resize(before + bytes);
  Encode(point, points_.data() + before);
  ++point_count_;
  if (MemoryBytes() > limit_bytes_) Coarsen();
}

void ReadSet::AddRange(key::FamilyId family, SeenRange keys) {
  if (all_counts_) return;
  const Complete complete(this);
  NoteFamily(family);
  ranges_.push_back({.family = family, .keys = std::move(keys)});
  range_bytes_ += BytesOf(ranges_.back());
  if (MemoryBytes() > limit_bytes_) Coarsen();
}

void ReadSet::Ended(engine::DbIterator& iterator) noexcept {
  try {
    iterator.TellWalk();
  } catch (...) {  // There was no memory to say what it saw.
    all_counts_ = true;
  }
  std::ranges::replace(iterators_, &iterator, nullptr);
}

void ReadSet::Began(engine::DbIterator& iterator) {
  const auto free = std::ranges::find(iterators_, nullptr);
  free != iterators_.end() ? void(*free = &iterator) : iterators_.push_back(&iterator);
}

// An iterator that is told compares keys, and a comparator of the caller's may end another one: places stay.
void ReadSet::TellWalks() {
  for (size_t i = 0; i < iterators_.size(); ++i) {
    if (iterators_[i] != nullptr) iterators_[i]->TellWalk();
  }
}

void ReadSet::LetGoOfWalks() {
  for (engine::DbIterator* const iterator : iterators_) {
    if (iterator != nullptr) iterator->LetGoOfWalk();
  }
  iterators_.clear();
}

size_t ReadSet::BytesOf(const Range& range) {
  return sizeof range + (range.keys.begin ? range.keys.begin->size() : 0) +
         (range.keys.end ? range.keys.end->size() : 0);
}

key::Order ReadSet::OrderOf(key::FamilyId family) const {
  const engine::ViewPtr view = reads_.view.Acquire();
  const tree::Version* const version = engine::VersionOf(*view, {.id = family});
  return version == nullptr ? key::Order() : version->order();  // Of a dropped one: the commit is refused anyway.
}

// Down to half of the limit, so that the next time is far.
void ReadSet::Coarsen() {
  std::vector<Range> sorted = Sorted();
  first_bytes_ = 0;
  points_ = {};
  point_count_ = 0;
  ranges_.clear();
  for (auto first = sorted.begin(); first != sorted.end();) {
    const key::FamilyId family = first->family;
    const key::Order order = OrderOf(family);
    ranges_.push_back(std::move(*first));
    for (++first; first != sorted.end() && first->family == family; ++first) {
      if (!Join(&ranges_.back().keys, first->keys, false, order)) ranges_.push_back(std::move(*first));
    }
  }
  for (Count(); range_bytes_ > limit_bytes_ / 2; Count()) {
    const size_t before = ranges_.size();
    JoinPairs();
    if (ranges_.size() < before) continue;
    for (Range& range : ranges_) range.keys = {};  // One for each family, of long keys.
    return Count();
  }
}

// By their families, and by `less` in the order of each.
template <typename Item, typename Less>
void ReadSet::SortInFamilies(std::vector<Item>* items, Less less) const {
  std::ranges::sort(*items, {}, &Item::family);
  for (auto first = items->begin(); first != items->end();) {
    const auto last = std::find_if(first, items->end(), [&](const Item& item) { return item.family != first->family; });
    const key::Order order = OrderOf(first->family);
    std::sort(first, last, [&](const Item& a, const Item& b) { return less(a, b, order); });
    first = last;
  }
}

// Points become ranges of as many neighbours as there have to be, for a range takes more memory than a point.
void ReadSet::AppendPointsTo(std::vector<Range>* ranges) const {
  std::vector<Point> points;
  points.reserve(point_count_);
  static_cast<void>(ForEachPoint([&points](const Point& point) {
    points.push_back(point);
    return true;
  }));
  SortInFamilies(&points,
                 [](const Point& a, const Point& b, const key::Order& order) { return order.Less(a.key, b.key); });
  const size_t ranges_max = limit_bytes_ / (8 * sizeof(Range)) + 1;
  const size_t group_max = (points.size() + ranges_max - 1) / ranges_max;
  for (size_t first = 0; first < points.size();) {
    size_t end = first + 1;
    while (end < points.size() && end - first < group_max && points[end].family == points[first].family) ++end;
    ranges->push_back(
        {.family = points[first].family,
         .keys = {
             .begin = std::string(points[first].key), .end = std::string(points[end - 1].key), .holds_end = true}});
    first = end;
  }
}

std::vector<ReadSet::Range> ReadSet::Sorted() {
  std::vector<Range> all = std::exchange(ranges_, {});
  AppendPointsTo(&all);
  SortInFamilies(&all, [](const Range& a, const Range& b, const key::Order& order) {
    if (!a.keys.begin || !b.keys.begin) return !a.keys.begin && b.keys.begin;
    return order.Less(*a.keys.begin, *b.keys.begin);
  });
  return all;
}

void ReadSet::JoinPairs() {
  std::vector<Range> fewer;
  bool is_pair = true;  // The last of them.
  for (Range& range : ranges_) {
    is_pair = !is_pair && fewer.back().family == range.family;
    if (is_pair) {
      Join(&fewer.back().keys, range.keys, true, OrderOf(range.family));
    } else {
      fewer.push_back(std::move(range));
    }
  }
  ranges_ = std::move(fewer);
}

void ReadSet::Count() {
  range_bytes_ = 0;
  for (const Range& range : ranges_) range_bytes_ += BytesOf(range);
}

}  // namespace amethyst::transactions
