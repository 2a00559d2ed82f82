#include "torture/model_moment.h"

#include <utility>

#include "base/error.h"
#include "torture/model_time.h"

namespace amethyst::torture {

namespace {

// A key whose operator refuses stops the walk, which goes on behind it.
Result<ModelMap> ReadFamily(const Family& from, const ModelFamily& family, const PossibleKeys& possible_keys) {
  ModelMap found(KeyLess{family.comparator});
  std::set<std::string, KeyLess> possible(found.key_comp());
  Iterator iterator = from.NewIterator();
  for (iterator.SeekToFirst();;) {
    for (; iterator.Valid(); iterator.Next()) {
      found.emplace_hint(found.end(), iterator.key(),
                         ModelEntry{.value = std::string(iterator.value()),
                                    .expires_ms = MillisecondsOf(iterator.expires_at().value_or(kNever))});
    }
    const Status status = iterator.status();
    if (status) return found;
    if (status.error().code() != ErrorCode::kInvalidArgument) return std::unexpected(status.error());
    if (possible.empty()) possible = possible_keys(family);
    auto key = found.empty() ? possible.begin() : possible.upper_bound(found.rbegin()->first);
    const auto is_refused = [&](const std::string& of) {
      const auto got = from.Get(of);
      return !got && got.error().code() == ErrorCode::kInvalidArgument;
    };
    while (key != possible.end() && !is_refused(*key)) ++key;
    if (key == possible.end()) return std::unexpected(status.error());
    found.emplace_hint(found.end(), *key, ModelEntry{.refused = true});
    if (++key == possible.end()) return found;
    iterator.Seek(*key);
  }
}

}  // namespace

Result<SeenState> ReadFamilies(DB& db, const std::vector<ModelFamily>& families, const PossibleKeys& possible) {
  SeenState found;
  for (const ModelFamily& family : families) {
    AMETHYST_ASSIGN(const Family from, db.OpenFamily(family.name));
    AMETHYST_ASSIGN(ModelMap read, ReadFamily(from, family, possible));
    found.emplace(family.number, std::move(read));
  }
  return found;
}

ModelMoment::ModelMoment(ModelState of, std::vector<ModelFamily> with)
    : state(std::make_shared<const ModelState>(std::move(of))), families(std::move(with)) {
  for (ModelFamily& family : families) family.handle.reset();
}

Options ModelMoment::OptionsToRead() const {
  Options options;
  options.memory_budget_bytes = size_t{4} << 20;
  options.create_if_missing = false;
  options.comparator = families.front().comparator;
  for (const ModelFamily& family : families) {
    options.families[family.name] = {.comparator = family.comparator, .merge_operator = OperatorOf(family.merges_with)};
  }
  return options;
}

Result<std::string> ModelMoment::Compare(DB& db, std::optional<uint64_t> now_ms) const {
  std::vector<std::string> names;
  for (const ModelFamily& family : families) names.push_back(family.name);
  if (db.FamilyNames() != names) return "it has other families";
  const uint64_t at_ms = now_ms ? *now_ms : MillisecondsOf(db.GetSnapshot().read_time());
  const auto keys = [this](const ModelFamily& family) {
    std::set<std::string, KeyLess> possible(KeyLess{family.comparator});
    for (const auto& [key, cell] : state->at(family.number).cells) possible.insert(key);
    return possible;
  };
  AMETHYST_ASSIGN(const SeenState found, ReadFamilies(db, families, keys));
  return DifferenceOf(*state, at_ms, found);
}

}  // namespace amethyst::torture
