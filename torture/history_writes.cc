#include "torture/history_writes.h"

#include <fmt/format.h>

#include <utility>

namespace amethyst::torture {

HistoryFootprint HistoryWrite::FootprintIn(const HistoryFamilies& families) const {
  return {.family = key.family, .range = range ? *range : RangeOf(families[key.family].keys[key.place])};
}

void HistoryWrite::AddTo(const HistoryFamilies& families, uint64_t now_ms, HistoryOps* ops) const {
  if (range) {
    const HistoryFamily& family = families[key.family];
    for (size_t place = 0; place < family.keys.size(); ++place) {
      if (family.Holds(*range, family.keys[place])) (*ops)[{key.family, place}].push_back({ChangeKind::kDelete});
    }
    return;
  }
  const uint64_t expires_ms = ttl.count() == 0 ? kModelNeverMs : now_ms + static_cast<uint64_t>(ttl.count());
  (*ops)[key].push_back({.kind = kind, .value = value, .expires_ms = expires_ms});
}

HistoryKey HistoryDraws::Key(base::Random& random) const {
  const size_t family = random.Below(kHistoryFamilies);
  return {.family = family, .place = random.Below(families_[family].keys.size())};
}

std::string HistoryDraws::Bound(base::Random& random, size_t family) const {
  const auto& keys = families_[family].keys;
  std::string bound = keys[random.Below(keys.size())];
  if (random.OneIn(3)) bound.push_back('+');
  return bound;
}

HistoryRange HistoryDraws::Range(base::Random& random, size_t family) const {
  const auto& keys = families_[family].keys;
  const size_t first = random.Below(keys.size());
  const size_t last = std::min(first + random.Below(random.OneIn(8) ? keys.size() : 5), keys.size() - 1);
  HistoryRange range{.begin = keys[first], .end = keys[last]};
  if (random.OneIn(4)) range.end->push_back('+');
  if (families_[family].Less(*range.end, *range.begin)) range.end = range.begin;
  if (random.OneIn(16)) range.begin.reset();
  if (random.OneIn(16)) range.end.reset();
  return range;
}

std::string HistoryDraws::Value(base::Random& random, size_t family, const std::string& name) const {
  if (families_[family].merges_with != ModelOperator::kInt64Add) {
    return name + std::string(random.OneIn(4) ? random.Below(600) : 0, '.');
  }
  // So many that no two are alike, and so small that no sum overflows.
  const uint64_t number = 1 + random.Below(uint64_t{1} << 48);
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

HistoryWrite HistoryDraws::Write(base::Random& random, const std::string& name) const {
  HistoryWrite write{.key = Key(random)};
  const uint64_t kind = random.Below(16);
  if (kind == 0) {
    write.range = Range(random, write.key.family);
    write.kind = ChangeKind::kDelete;
    return write;
  }
  write.kind = kind < 3 ? ChangeKind::kDelete : kind < 7 ? ChangeKind::kMerge : ChangeKind::kPut;
  if (write.kind == ChangeKind::kDelete) return write;
  write.value = Value(random, write.key.family, name);
  if (expiries_ && random.OneIn(3)) write.ttl = std::chrono::milliseconds(1 + random.Below(random.OneIn(2) ? 20 : 400));
  return write;
}

}  // namespace amethyst::torture
