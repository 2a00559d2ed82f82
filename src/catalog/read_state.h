// The state that a catalog begins with: of a database that is made now, or as the manifest of one that exists says.
//
// Nothing is written. Thread safety: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "catalog/catalog_settings.h"
#include "catalog/catalog_state.h"
#include "tree/table_store.h"

namespace amethyst::catalog {

// Makes tables of `store`, which must outlive it, but for those that readers have already.
[[nodiscard]] inline auto TableMaker(const std::shared_ptr<tree::TableStore>& store) {
  return [&store](const tree::AddedTable& added, const key::Order& order) {
    if (added.table != nullptr) return added.table;
    return std::make_shared<const tree::Table>(store, added.number, added.info, order);
  };
}

struct RecoveredState {
  CatalogState state;
  // The process that wrote it has synced all that was read, and CURRENT, unless it had no other manifest before.
  bool is_durable = false;
  ManifestPosition end{};  // Of what was read.
};
// `names` are those in the directory. As the errors of Catalog::Open.
[[nodiscard]] Result<RecoveredState> NewState(const CatalogSettings& settings, const std::vector<std::string>& names);
// Beside a writer (CatalogSettings::follows) what is known to be durable alone.
[[nodiscard]] Result<RecoveredState> RecoverState(const std::shared_ptr<tree::TableStore>& store,
                                                  const CatalogSettings& settings,
                                                  const std::vector<std::string>& names, key::FileNumber manifest);

// Whether the database in `directory` has a writer now.
[[nodiscard]] Writing WritingIn(io::FileSystem& files, const std::string& directory);

// What an edit that was read from a manifest needs of the caller's functions, for the families that it tells of. One
// that is missing matters only if its family is still there at the end: see CheckFamilies.
void SetFunctions(const CatalogSettings& settings, tree::VersionEdit* edit);
// kInvalidArgument: a family is in an order that was not given.
[[nodiscard]] Status CheckOrders(const CatalogSettings& settings, const tree::Forest& forest);

// The least number that is at least `at_least` and above that of each name.
[[nodiscard]] key::FileNumber NumberAfter(const std::vector<std::string>& names, key::FileNumber at_least);

}  // namespace amethyst::catalog
