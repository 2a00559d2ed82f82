#include "torture/model_families.h"

#include <algorithm>

#include "torture/model_choices.h"

namespace amethyst::torture {

ModelFeatures ModelFeatures::Draw(base::Random& random) {
  return {.merges = random.OneIn(2), .expiries = random.OneIn(2), .families = random.OneIn(2)};
}

std::string ModelFamily::DrawKey(base::Random& random) const { return torture::DrawKey(random, key_style, key_count); }

std::string ModelFamily::DrawValue(base::Random& random) const {
  const std::optional<size_t> bytes = OperandBytes(merges_with);
  return bytes && !random.OneIn(200) ? DrawOperand(random) : torture::DrawValue(random);
}

std::string ModelFamily::DrawOperand(base::Random& random) const {
  if (const std::optional<size_t> bytes = OperandBytes(merges_with)) {
    std::string operand(*bytes, '\0');
    const size_t drawn = random.OneIn(4) ? operand.size() : 1;
    std::generate_n(operand.begin(), drawn, [&] { return static_cast<char>(random()); });
    return operand;
  }
  if (merges_with == ModelOperator::kTail && random.OneIn(20)) return random.OneIn(10) ? "!" : "-";
  return std::string(random.Below(24), static_cast<char>('a' + random.Below(26)));
}

ModelFamilies::ModelFamilies(base::Random& random, const ModelFeatures& features, uint64_t key_count) {
  ModelFamily first{.key_count = key_count};
  first.comparator = ComparatorOf(random());
  first.key_style = random.Below(kKeyStyles);
  if (features.merges) first.merges_with = static_cast<ModelOperator>(1 + random.Below(kModelOperators - 1));
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

void ModelFamilies::AddTo(Options* options, base::Random& random) const {
  for (const ModelFamily& family : all_) {
    FamilyOptions given{.comparator = family.comparator};
    const bool may_be_left_out = IsBuiltIn(family.merges_with) && family.knows_operator && random.OneIn(2);
    if (!may_be_left_out) given.merge_operator = OperatorOf(family.merges_with);
    given.ttl = std::chrono::milliseconds(family.ttl_ms);
    options->families[family.name] = given;
  }
}

}  // namespace amethyst::torture
