#include "torture/history_content.h"

#include <fmt/format.h>

#include <algorithm>

#include "torture/model_choices.h"

namespace amethyst::torture {

namespace {

HistoryFamily DrawFamily(base::Random& random, ModelOperator merges_with, uint64_t keys, bool long_keys) {
  HistoryFamily family{.comparator = ComparatorOf(random.OneIn(3) ? 0 : 2), .merges_with = merges_with};
  for (uint64_t key = 0; key < keys; ++key) {
    family.keys.push_back(fmt::format("{:02}", 2 * key) + std::string(long_keys ? 3000 : 0, 'k'));
  }
  const auto less = [&](const std::string& a, const std::string& b) { return family.Less(a, b); };
  std::ranges::sort(family.keys, less);
  return family;
}

void ApplyTo(ModelOperator with, const HistoryOp& op, ModelCell* cell) {
  switch (op.kind) {
    case ChangeKind::kDelete: *cell = ModelCell(); break;
    case ChangeKind::kPut: cell->Put(op.value, op.expires_ms); break;
    case ChangeKind::kMerge: cell->Merge(with, op.value, op.expires_ms);
  }
}

}  // namespace

HistoryFamilies DrawFamilies(base::Random& random, uint64_t keys, bool long_keys) {
  const uint64_t of_default = 1 + random.Below(keys - 1);
  return {DrawFamily(random, ModelOperator::kInt64Add, of_default, long_keys),
          DrawFamily(random, ModelOperator::kAppendComma, keys - of_default, long_keys)};
}

FamilyOptions OptionsOf(const HistoryFamily& family) {
  return {.comparator = family.comparator, .merge_operator = OperatorOf(family.merges_with)};
}

void AddTo(const HistoryFamilies& families, Options* options) {
  options->comparator = families[0].comparator;
  options->families["default"] = OptionsOf(families[0]);
  options->families[kHistoryLists] = OptionsOf(families[1]);
}

bool HistoryFamily::Holds(const HistoryRange& range, std::string_view key) const {
  if (range.begin && Less(key, *range.begin)) return false;
  return !range.end || Less(key, *range.end) || (range.holds_end && !Less(*range.end, key));
}

bool HistoryFamily::Overlap(const HistoryRange& a, const HistoryRange& b) const {
  const auto ends_before = [this](const HistoryRange& first, const HistoryRange& second) {
    if (!first.end || !second.begin) return false;
    const int comparison = comparator->Compare(*first.end, *second.begin);
    return comparison < 0 || (comparison == 0 && !first.holds_end);
  };
  return !ends_before(a, b) && !ends_before(b, a);
}

size_t HistoryFamily::PlaceOf(std::string_view key) const {
  const auto less = [this](std::string_view a, std::string_view b) { return Less(a, b); };
  const auto found = std::ranges::lower_bound(keys, key, less);
  return found != keys.end() && *found == key ? static_cast<size_t>(found - keys.begin()) : keys.size();
}

HistoryRange RangeOf(const std::string& key) { return {.begin = key, .end = key, .holds_end = true}; }

void Apply(const HistoryFamilies& families, const HistoryOps& ops, HistoryContent* content) {
  for (const auto& [key, of_key] : ops) {
    for (const HistoryOp& op : of_key) {
      ApplyTo(families[key.family].merges_with, op, &(*content)[key.family][key.place]);
    }
  }
}

std::optional<std::string> Shown(const HistoryFamilies& families, const HistoryContent& content, const HistoryOps* own,
                                 const HistoryKey& key, uint64_t now_ms) {
  const ModelOperator with = families[key.family].merges_with;
  const auto show = [&](const ModelCell& cell) -> std::optional<std::string> {
    std::optional<ModelEntry> entry = cell.At(with, now_ms);
    return entry ? std::optional(std::move(entry->value)) : std::nullopt;
  };
  const ModelCell& below = content[key.family][key.place];
  if (own == nullptr || !own->contains(key)) return show(below);
  ModelCell cell = below;
  for (const HistoryOp& op : own->at(key)) ApplyTo(with, op, &cell);
  return show(cell);
}

}  // namespace amethyst::torture
