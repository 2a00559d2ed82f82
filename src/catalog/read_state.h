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

// `names` are those in the directory. As the errors of Catalog::Open.
[[nodiscard]] Result<CatalogState> NewState(const CatalogSettings& settings, const std::vector<std::string>& names);
// `is_durable`: the process that wrote it has synced all that was read, and CURRENT, unless it had no other manifest
// before.
[[nodiscard]] Result<CatalogState> RecoverState(const std::shared_ptr<tree::TableStore>& store,
                                                const CatalogSettings& settings, const std::vector<std::string>& names,
                                                key::FileNumber manifest, bool* is_durable);

// The least number that is at least `at_least` and above that of each name.
[[nodiscard]] key::FileNumber NumberAfter(const std::vector<std::string>& names, key::FileNumber at_least);

}  // namespace amethyst::catalog
