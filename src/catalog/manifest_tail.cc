#include "catalog/manifest_tail.h"

#include <initializer_list>
#include <map>
#include <utility>

#include "base/error.h"
#include "catalog/read_state.h"
#include "key/merge_operators.h"
#include "tree/tombstone_table.h"

namespace amethyst::catalog {

namespace {

// Whether the family's operands are for another operator; none is noted before the first of them.
bool IsOfOthers(const MergeOperator& given, const key::Merging& merging) {
  return !merging.operator_name.empty() && given.Name() != merging.operator_name;
}

// Operators are given by the names that families had then. A family keeps its own when it is renamed, and gets none
// that was meant for another of its name.
void SettleOperators(std::initializer_list<const tree::Forest*> known, tree::VersionEdit* edit) {
  for (tree::FamilyDescription& family : edit->families) {
    key::Merging& merging = family.merging;
    if (merging.merge_operator != nullptr && IsOfOthers(*merging.merge_operator, merging)) {
      key::GiveOperator(nullptr, &merging);
    }
    for (const tree::Forest* const forest : known) {
      const tree::FamilyTree* const before = forest->Find({.id = family.id});
      if (merging.merge_operator != nullptr || before == nullptr) continue;
      const auto& given = before->family->merging.merge_operator;
      if (given != nullptr && !IsOfOthers(*given, merging)) key::GiveOperator(given, &merging);
    }
  }
}

}  // namespace

ManifestTail::ManifestTail(std::shared_ptr<tree::TableStore> store, CatalogSettings settings, CatalogState state,
                           key::FileNumber manifest, const ManifestPosition& position)
    : store_(std::move(store)),
      settings_(std::move(settings)),
      state_(std::move(state)),
      manifest_(manifest),
      position_(position) {}

Result<bool> ManifestTail::Read() {
  io::FileSystem& files = store_->files();
  const Writing writing = WritingIn(files, settings_.directory);  // Before its end is looked at.
  AMETHYST_ASSIGN(const key::FileNumber current, ReadCurrent(files, settings_.directory));
  const bool is_new = current != manifest_;
  ManifestPosition position = is_new ? ManifestPosition() : position_;

  std::map<key::FileNumber, tree::TablePtr> known;
  const auto make = [&](const tree::AddedTable& added, const key::Order& order) {
    const auto found = known.find(added.number);
    if (found != known.end()) return found->second;
    return std::make_shared<const tree::Table>(store_, added.number, added.info, order);
  };
  std::shared_ptr<tree::Forest> forest;
  CatalogState next = is_new ? CatalogState(settings_.order) : state_;
  const auto take = [&](const tree::VersionEdit& edit) -> Status {
    if (forest == nullptr) {
      forest = std::make_shared<tree::Forest>(*next.forest);
      for (const tree::FamilyTree& tree : state_.forest->families()) {
        tree.version->ForEachTable([&](key::Level, const tree::TablePtr& table) { known[table->number()] = table; });
      }
    }
    tree::VersionEdit edit_with_functions = edit;
    SetFunctions(settings_, &edit_with_functions);
    SettleOperators({forest.get(), state_.forest.get()}, &edit_with_functions);
    AMETHYST_TRY(forest->Change(edit_with_functions, make));
    next = next.WithNumbersOf(edit_with_functions);
    return {};
  };
  const ManifestIdentity identity{.database_uid = state_.database_uid, .number = current};
  AMETHYST_TRY(FollowCurrent(files, settings_.directory, identity, writing, take, &position));
  if (forest == nullptr) return false;
  AMETHYST_TRY(CheckOrders(settings_, *forest));
  AMETHYST_ASSIGN(next.forest, forest->WithTombstones([&](const tree::Table& table, const key::Order& order)
                                                          -> Result<std::shared_ptr<const key::RangeTombstones>> {
    for (const tree::FamilyTree& tree : state_.forest->families()) {
      if (tree.version->tombstone_table().get() == &table) return tree.version->tombstones();
    }
    return tree::ReadTombstoneTable(table, order);
  }));
  state_ = std::move(next);
  manifest_ = current;
  position_ = position;
  return true;
}

}  // namespace amethyst::catalog
