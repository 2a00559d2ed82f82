#include "tree/forest.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "tree/file_names.h"

namespace amethyst::tree {

namespace {

key::FamilyId IdOf(const FamilyTree& tree) { return tree.family->id; }

// The edit's tables by family.
std::map<key::FamilyId, VersionEdit> ByFamily(const VersionEdit& edit) {
  std::map<key::FamilyId, VersionEdit> parts;
  for (const RemovedTable& removed : edit.removed) parts[removed.family].removed.push_back(removed);
  for (const AddedTable& added : edit.added) parts[added.family].added.push_back(added);
  return parts;
}

// Of a table's own keys.
key::Order OrderIn(const AddedTable& table, const key::Order& family) {
  return table.holds_tombstones ? key::Order() : family;
}

}  // namespace

Forest::Forest(key::Order order) {
  FamilyDescription family;
  family.id = key::kDefaultFamily;
  family.name = kDefaultFamilyName;
  family.comparator_name = order.comparator()->Name();
  family.order = order;
  families_.push_back({.family = std::make_shared<const FamilyDescription>(std::move(family)),
                       .version = std::make_shared<const Version>(order)});
  by_name_.push_back(0);
}

const FamilyTree* Forest::Search(key::FamilyId id) const {
  const auto found = std::ranges::lower_bound(families_, id, {}, IdOf);
  return found != families_.end() && IdOf(*found) == id ? &*found : nullptr;
}

const FamilyTree* Forest::FindByName(std::string_view name) const {
  const auto found = PlaceOf(name);
  return found != by_name_.end() && families_[*found].family->name == name ? &families_[*found] : nullptr;
}

std::vector<uint32_t>::const_iterator Forest::PlaceOf(std::string_view name) const {
  return std::ranges::lower_bound(by_name_, name, {},
                                  [this](uint32_t at) { return std::string_view(families_[at].family->name); });
}

Result<std::shared_ptr<const Forest>> Forest::Apply(const VersionEdit& edit, MakeTable make_table) const {
  auto next = std::make_shared<Forest>(*this);
  AMETHYST_TRY(next->Change(edit, make_table));
  return next;
}

Status Forest::Change(const VersionEdit& edit, MakeTable make_table) {
  for (const FamilyDescription& family : edit.families) AMETHYST_TRY(Describe(family));
  AMETHYST_TRY(ChangeTables(edit, make_table));
  for (const key::FamilyId id : edit.dropped_families) AMETHYST_TRY(Drop(id));
  if (edit.next_family_id) next_family_id_ = std::max(next_family_id_, *edit.next_family_id);
  AMETHYST_ASSERT(by_name_.size() == families_.size());
  AMETHYST_ASSERT(IdOf(families_.front()) == key::kDefaultFamily && IdOf(families_.back()) < next_family_id_);
  return {};
}

Status Forest::Describe(const FamilyDescription& family) {
  const FamilyTree* const same_name = FindByName(family.name);
  if (same_name != nullptr && IdOf(*same_name) != family.id) {
    return base::Corruption("version edit gives families {} and {} one name, \"{}\"", key::Raw(IdOf(*same_name)),
                            key::Raw(family.id), family.name);
  }
  auto described = std::make_shared<const FamilyDescription>(family);
  if (family.id >= next_family_id_) {
    AMETHYST_ASSERT(IdOf(families_.back()) < family.id);  // Search relies on their order.
    by_name_.insert(PlaceOf(family.name), static_cast<uint32_t>(families_.size()));
    families_.push_back({.family = std::move(described),
                         .version = family.order ? std::make_shared<const Version>(*family.order) : nullptr});
    next_family_id_ = key::FamilyId{key::Raw(family.id) + 1};
    return {};
  }
  const auto live = std::ranges::lower_bound(families_, family.id, {}, IdOf);
  if (live == families_.end() || IdOf(*live) != family.id || family.id == key::kDefaultFamily ||
      live->family->comparator_name != family.comparator_name) {
    return base::Corruption("version edit describes family {} anew, which is not there or has another order",
                            key::Raw(family.id));
  }
  AMETHYST_ASSERT(FindByName(live->family->name) == &*live);
  by_name_.erase(PlaceOf(live->family->name));
  by_name_.insert(PlaceOf(family.name), static_cast<uint32_t>(live - families_.begin()));
  live->family = std::move(described);
  return {};
}

Status Forest::ChangeTables(const VersionEdit& edit, MakeTable make_table) {
  if (edit.added.empty() && edit.removed.empty()) return {};
  const auto is_default = [](const auto& table) { return table.family == key::kDefaultFamily; };
  if (families_.size() == 1 && std::ranges::all_of(edit.added, is_default) &&
      std::ranges::all_of(edit.removed, is_default)) {
    const auto make = [&](const AddedTable& added) {
      return make_table(added, OrderIn(added, families_[0].version->order()));
    };
    AMETHYST_ASSIGN(families_[0].version, families_[0].version->Apply(edit, make));
    return {};
  }
  for (const auto& [id, part] : ByFamily(edit)) {
    const auto tree = std::ranges::find(families_, id, IdOf);
    if (tree == families_.end()) {
      return base::Corruption("version edit changes family {}, which is not there", key::Raw(id));
    }
    if (tree->version == nullptr) continue;
    const auto make = [&](const AddedTable& added) {
      return make_table(added, OrderIn(added, tree->version->order()));
    };
    AMETHYST_ASSIGN(tree->version, tree->version->Apply(part, make));
  }
  return families_.size() > 1 ? CheckUnused(edit) : Status();
}

// That no table which the edit adds is another family's.
Status Forest::CheckUnused(const VersionEdit& edit) const {
  std::map<key::FileNumber, key::FamilyId> added;
  for (const AddedTable& table : edit.added) {
    if (!added.emplace(table.number, table.family).second) {
      return base::Corruption("version edit adds {} twice", TableFileName(table.number));
    }
  }
  if (added.empty()) return {};
  Status unused;
  for (const FamilyTree& tree : families_) {
    if (tree.version == nullptr) continue;
    tree.version->ForEachTable([&](key::Level, const TablePtr& table) {
      const auto found = added.find(table->number());
      if (found == added.end() || found->second == IdOf(tree)) return;
      unused = base::Corruption("version edit adds {} to family {}, which is a table of family {}",
                                TableFileName(table->number()), key::Raw(found->second), key::Raw(IdOf(tree)));
    });
  }
  return unused;
}

Result<std::shared_ptr<const Forest>> Forest::WithTombstones(
    base::FunctionRef<Result<std::shared_ptr<const key::RangeTombstones>>(const Table&, const key::Order&)> read)
    const {
  auto next = std::make_shared<Forest>(*this);
  for (FamilyTree& tree : next->families_) {
    if (tree.version == nullptr || tree.version->tombstone_table() == nullptr) continue;
    AMETHYST_ASSIGN(auto tombstones, read(*tree.version->tombstone_table(), tree.version->order()));
    AMETHYST_ASSERT(tombstones != nullptr && !tombstones->empty());
    tree.version = tree.version->WithTombstones(std::move(tombstones));
  }
  return next;
}

Status Forest::Drop(key::FamilyId id) {
  const auto tree = std::ranges::find(families_, id, IdOf);
  if (tree == families_.end() || id == key::kDefaultFamily) {
    return base::Corruption("version edit drops family {}, which is not there or is the default", key::Raw(id));
  }
  const auto place = static_cast<uint32_t>(tree - families_.begin());
  AMETHYST_ASSERT(FindByName(tree->family->name) == &*tree);
  by_name_.erase(PlaceOf(tree->family->name));
  families_.erase(tree);
  for (uint32_t& at : by_name_) at -= at > place ? 1 : 0;
  return {};
}

}  // namespace amethyst::tree
