// The trees of a database: the version of every family, by its id.
//
// Immutable as a version, made from another by an edit, and shares what the edit leaves alone. A family is looked up by
// its id, which is never used twice, so that a name for a dropped one finds nothing; a hint where it may be saves the
// search. Invariants: the default family comes first and is always there; ids ascend; names are unique; a file is a
// table of one family. Thread safety: immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "key/order.h"
#include "key/types.h"
#include "tree/family_description.h"
#include "tree/version.h"
#include "tree/version_edit.h"

namespace amethyst::tree {

// Says which family is meant: its id, and where it was when somebody looked. Only the id decides.
struct FamilyKey {
  key::FamilyId id{};
  uint32_t place_hint = 0;
};

// One family and its tables.
struct FamilyTree {
  std::shared_ptr<const FamilyDescription> family;
  // nullptr: its order is not known, so that nothing can be said of its tables. Only while a manifest is read.
  std::shared_ptr<const Version> version;
};

class Forest {
 public:
  using MakeTable = base::FunctionRef<TablePtr(const AddedTable&, const key::Order&)>;

  // With the default family alone, empty, in that order.
  explicit Forest(key::Order order);

  // The forest after `edit`: families are made or described anew, tables removed and added, families dropped. Tables of
  // a family whose order is not known are passed over. kCorruption if the edit does not fit.
  [[nodiscard]] Result<std::shared_ptr<const Forest>> Apply(const VersionEdit& edit, MakeTable make_table) const;
  // The same in place, for a replay of many edits on a forest that nobody else has; an error leaves it of no use.
  [[nodiscard]] Status Change(const VersionEdit& edit, MakeTable make_table);

  // The forest with the range tombstones of all families, which `read` takes from their tables.
  [[nodiscard]] Result<std::shared_ptr<const Forest>> WithTombstones(
      base::FunctionRef<Result<std::shared_ptr<const key::RangeTombstones>>(const Table&, const key::Order&)> read)
      const;

  [[nodiscard]] const FamilyTree& default_family() const { return families_.front(); }
  // The default first, then by id.
  [[nodiscard]] std::span<const FamilyTree> families() const { return families_; }
  // nullptr: there is no such family, or it was dropped.
  [[nodiscard]] const FamilyTree* Find(const FamilyKey& key) const {
    const bool is_there = key.place_hint < families_.size() && families_[key.place_hint].family->id == key.id;
    return is_there ? &families_[key.place_hint] : Search(key.id);
  }
  [[nodiscard]] const FamilyTree* FindByName(std::string_view name) const;
  // For later calls of Find. The family is one of these.
  [[nodiscard]] FamilyKey KeyOf(const FamilyTree& family) const {
    return {.id = family.family->id, .place_hint = static_cast<uint32_t>(&family - families_.data())};
  }
  // Greater than any id that was ever in use.
  [[nodiscard]] key::FamilyId next_family_id() const { return next_family_id_; }

 private:
  [[nodiscard]] const FamilyTree* Search(key::FamilyId id) const;
  [[nodiscard]] Status Describe(const FamilyDescription& family);
  [[nodiscard]] Status ChangeTables(const VersionEdit& edit, MakeTable make_table);
  // Where in by_name_ a family of that name stands, or would.
  [[nodiscard]] std::vector<uint32_t>::const_iterator PlaceOf(std::string_view name) const;
  [[nodiscard]] Status CheckUnused(const VersionEdit& edit) const;
  [[nodiscard]] Status Drop(key::FamilyId id);

  std::vector<FamilyTree> families_;
  std::vector<uint32_t> by_name_;  // Places in families_, in the order of the families' names.
  key::FamilyId next_family_id_{1};
};

}  // namespace amethyst::tree
