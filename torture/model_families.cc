#include "torture/model_families.h"

#include <algorithm>

#include "torture/model_choices.h"
#include "torture/model_filter.h"

namespace amethyst::torture {

ModelFeatures ModelFeatures::Draw(base::Random& random) {
  ModelFeatures features{.merges = random.OneIn(2),
                         .expiries = random.OneIn(2),
                         .families = random.OneIn(2),
                         .filters = random.OneIn(4),
                         .ingests = random.OneIn(2),
                         .copies = random.OneIn(2),
                         .feeds = random.OneIn(2),
                         .followers = random.OneIn(2)};
  features.unlogged = !features.feeds || random.OneIn(2);
  return features;
}

FamilyContent ModelFamily::Empty() const {
  return {.merges_with = merges_with, .is_filtered = is_filtered, .cells = ModelCells(KeyLess{comparator})};
}

std::string ModelFamily::DrawKey(base::Random& random) const { return torture::DrawKey(random, key_style, key_count); }

std::string ModelFamily::DrawValue(base::Random& random) const {
  const std::optional<size_t> bytes = OperandBytes(merges_with);
  return bytes && !random.OneIn(60) ? DrawOperand(random) : torture::DrawValue(random);
}

std::string ModelFamily::DrawOperand(base::Random& random) const {
  if (const std::optional<size_t> bytes = OperandBytes(merges_with)) {
    std::string operand(*bytes, '\0');
    const size_t drawn = random.OneIn(4) ? operand.size() : 1;
    std::generate_n(operand.begin(), drawn, [&] { return static_cast<char>(random()); });
    return operand;
  }
  if (merges_with == ModelOperator::kTail && random.OneIn(20)) return random.OneIn(5) ? "!" : "-";
  return std::string(random.Below(24), static_cast<char>('a' + random.Below(26)));
}

FamilyOptions ModelFamily::DrawOptions(base::Random& random) const {
  constexpr double kRates[] = {0.5, 0.01, 0.00001, 1};
  FamilyOptions options{.comparator = comparator, .merge_operator = OperatorOf(merges_with)};
  if (is_filtered && random.OneIn(2)) options.compaction_filter = FilterOfModel();
  options.ttl = std::chrono::milliseconds(ttl_ms);
  if (random.OneIn(2)) options.compression = static_cast<Compression>(random.Below(3));
  if (random.OneIn(2)) options.block_bytes = size_t{512} << random.Below(8);
  if (random.OneIn(2)) options.filter_false_positive_rate = kRates[random.Below(4)];
  return options;
}

ModelFamilies::ModelFamilies(base::Random& random, const ModelFeatures& features, uint64_t key_count) {
  ModelFamily first{.key_count = key_count};
  first.comparator = ComparatorOf(random());
  first.key_style = random.Below(kKeyStyles);
  if (features.merges) first.merges_with = static_cast<ModelOperator>(1 + random.Below(kModelOperators - 1));
  // What a filter has dropped is no base any more, so there it would be no telling what operands come to.
  first.is_filtered = features.filters && first.merges_with == ModelOperator::kNone;
  all_.push_back(std::move(first));
}

const ModelFamily& ModelFamilies::Of(uint32_t number) const {
  return *std::ranges::find(all_, number, &ModelFamily::number);
}

const ModelFamily& ModelFamilies::Draw(base::Random& random) const {
  if (all_.size() == 1 || random.OneIn(2)) return all_.front();
  return all_[1 + random.Below(all_.size() - 1)];
}

void ModelFamilies::NoteOperator(uint32_t number) {
  std::ranges::find(all_, number, &ModelFamily::number)->knows_operator = true;
}

const ModelFamily& ModelFamilies::DrawOther(base::Random& random) const {
  return all_[1 + random.Below(all_.size() - 1)];
}

ModelFamily ModelFamilies::DrawNew(base::Random& random, const ModelFeatures& features, uint64_t ttl_ms) {
  ModelFamily family{.number = ++last_number_, .name = DrawName(random), .comparator = ComparatorOf(random())};
  if (features.merges) family.merges_with = static_cast<ModelOperator>(random.Below(kModelOperators));
  family.key_style = random.Below(kKeyStyles);
  family.key_count = random.OneIn(3) ? std::max<uint64_t>(all_.front().key_count / 4, 1) : 100;
  family.is_filtered = features.filters && family.merges_with == ModelOperator::kNone;
  family.ttl_ms = ttl_ms;
  family.knows_operator = true;
  return family;
}

// Few, so that what was dropped is made again.
std::string ModelFamilies::DrawName(base::Random& random) const {
  for (;;) {
    const uint64_t number = random.Below(12);
    std::string name = number == 0   ? std::string(255, 'n')
                       : number == 1 ? std::string("\0\xff \n", 4)
                                     : std::string(1, static_cast<char>('a' + number));
    if (std::ranges::find(all_, name, &ModelFamily::name) == all_.end()) return name;
  }
}

std::vector<std::string> ModelFamilies::Names() const {
  std::vector<std::string> names;
  for (const ModelFamily& family : all_) names.push_back(family.name);
  return names;
}

void ModelFamilies::Drop(uint32_t number) {
  std::erase_if(all_, [&](const auto& f) { return f.number == number; });
}

void ModelFamilies::Rename(uint32_t number, const std::string& name) {
  std::ranges::find(all_, number, &ModelFamily::number)->name = name;
}

Status ModelFamilies::OpenHandles(DB& db) {
  for (size_t i = 1; i < all_.size(); ++i) {
    Result<Family> handle = db.OpenFamily(all_[i].name);
    if (!handle) return std::unexpected(handle.error());
    all_[i].handle = *std::move(handle);
  }
  return {};
}

void ModelFamilies::LeaveHandles() {
  for (ModelFamily& family : all_) family.handle.reset();
  if (doubt_) doubt_->family.handle.reset();
}

void ModelFamilies::AddTo(Options* options, base::Random& random) const {
  const auto give = [&](const ModelFamily& family, const std::string& name) {
    const bool knows_it = IsBuiltIn(family.merges_with) && family.knows_operator;
    const bool is_default = family.number == 0;
    if (!is_default && knows_it && family.comparator == BytewiseComparator() && random.OneIn(2)) return;
    FamilyOptions given{.comparator = family.comparator};
    if (!knows_it || random.OneIn(2)) given.merge_operator = OperatorOf(family.merges_with);
    if (family.is_filtered && random.OneIn(2)) given.compaction_filter = FilterOfModel();
    // Another family keeps what it was made with, whatever is given here.
    given.ttl = std::chrono::milliseconds(is_default ? family.ttl_ms : random.Below(3));
    options->families[name] = given;
  };
  for (const ModelFamily& family : all_) give(family, family.name);
  if (doubt_) give(doubt_->family, doubt_->name);
}

}  // namespace amethyst::torture
