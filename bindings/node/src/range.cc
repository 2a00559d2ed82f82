#include "range.h"

namespace amethyst::node {

namespace {

ReadOptions OptionsOf(const Range& range, const Snapshot* snapshot) {
  return {.snapshot = snapshot, .lower_bound = range.lower, .upper_bound = range.upper, .fill_cache = range.fill_cache};
}

// The first bound that is there: `inclusive` as it is, `exclusive` a key further; the other way round for upper bounds.
std::optional<std::string> Bound(napi_env env, napi_value options, const char* as_is, const char* one_further,
                                 bool further_wins) {
  std::optional<std::string> further = BytesProperty(env, options, one_further);
  if (further) further->push_back('\0');
  if (further && further_wins) return further;
  std::optional<std::string> exact = BytesProperty(env, options, as_is);
  return exact ? exact : further;
}

}  // namespace

Range RangeFrom(napi_env env, napi_value options) {
  Range range;
  range.lower = Bound(env, options, "gte", "gt", false);
  range.upper = Bound(env, options, "lt", "lte", true);
  range.reverse = FlagProperty(env, options, "reverse");
  range.fill_cache = FlagProperty(env, options, "fillCache");
  return range;
}

RangeWalk::RangeWalk(const Family& family, const Snapshot& snapshot, Range range)
    : range_(std::move(range)), iterator_(family.NewIterator(OptionsOf(range_, &snapshot))) {}
RangeWalk::RangeWalk(Transaction& transaction, const Family& family, Range range)
    : range_(std::move(range)), iterator_(transaction.NewIterator(family, OptionsOf(range_, nullptr))) {}

void RangeWalk::SeekToStart() {
  beyond_ = false;
  if (range_.reverse) {
    iterator_.SeekToLast();
  } else {
    iterator_.SeekToFirst();
  }
}

void RangeWalk::Seek(std::string_view target) {
  beyond_ = (range_.lower && target < *range_.lower) || (range_.upper && target >= *range_.upper);
  if (beyond_) return;
  if (range_.reverse) {
    iterator_.SeekForPrev(target);
  } else {
    iterator_.Seek(target);
  }
}

std::span<const EntryView> RangeWalk::NextBatch(std::span<EntryView> room, size_t bytes_max) {
  return range_.reverse ? iterator_.PrevBatch(room, bytes_max) : iterator_.NextBatch(room, bytes_max);
}

void RangeWalk::Next() {
  if (range_.reverse) {
    iterator_.Prev();
  } else {
    iterator_.Next();
  }
}

}  // namespace amethyst::node
