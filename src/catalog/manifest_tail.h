// Following a database's manifest while another process writes it: the state after the edits that were made since.
//
// Only edits that are durable are taken, so what is shown is a state that the writer had or can recover. Tables that
// are there before and after stay the same objects, with what readers have loaded of them. When the writer begins a new
// manifest the whole state is read anew from it. Thread safety: one thread at a time.
#pragma once

#include <memory>

#include "amethyst/error.h"
#include "catalog/catalog_settings.h"
#include "catalog/catalog_state.h"
#include "catalog/manifest.h"
#include "tree/file_removal.h"
#include "tree/table_store.h"

namespace amethyst::catalog {

class ManifestTail {
 public:
  // From `state` on, which `manifest` held up to `position`.
  ManifestTail(std::shared_ptr<tree::TableStore> store, CatalogSettings settings, CatalogState state,
               key::FileNumber manifest, const ManifestPosition& position);

  // Reads on: whether the state is another now. kBusy: the writer is in the middle of it; ask again. kInvalidArgument:
  // a database of another uid is there, or a family in an order that was not given.
  [[nodiscard]] Result<bool> Read();

  [[nodiscard]] const CatalogState& state() const { return state_; }
  [[nodiscard]] tree::ManifestPlace place() const { return {.manifest = manifest_, .records = position_.records}; }

 private:
  const std::shared_ptr<tree::TableStore> store_;
  const CatalogSettings settings_;
  CatalogState state_;
  key::FileNumber manifest_;
  ManifestPosition position_;
};

}  // namespace amethyst::catalog
