// A state that the database of a model program had, with what it takes to read it anywhere: in a copy, or at a
// follower. Thread safety: plain values.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "torture/model_content.h"
#include "torture/model_families.h"

namespace amethyst::torture {

// Every key of a family that may be there: a walk asks them where an operator refuses.
using PossibleKeys = std::function<std::set<std::string, KeyLess>(const ModelFamily& family)>;

// All that reads of these families show now.
[[nodiscard]] Result<SeenState> ReadFamilies(DB& db, const std::vector<ModelFamily>& families,
                                             const PossibleKeys& possible);

struct ModelMoment {
  std::shared_ptr<const ModelState> state;
  std::vector<ModelFamily> families;  // Without their handles.

  ModelMoment() = default;
  ModelMoment(ModelState of, std::vector<ModelFamily> with);

  // What an open of it needs.
  [[nodiscard]] Options OptionsToRead() const;
  // "", or how what `db` shows differs. `now_ms`: the time of its reads; nullopt: as it tells.
  [[nodiscard]] Result<std::string> Compare(DB& db, std::optional<uint64_t> now_ms) const;
};

}  // namespace amethyst::torture
