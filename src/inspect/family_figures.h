// What each family of a database has in tables, added up from its manifest.
// Thread safety: plain values and pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "inspect/tree_report.h"
#include "key/types.h"
#include "tree/version_edit.h"

namespace amethyst::inspect {

struct FamilyFigures {
  struct Level {
    uint64_t tables = 0;
    uint64_t bytes = 0;
    uint64_t entries = 0;
    uint64_t deletes = 0;

    Level& operator+=(const Level& other);
  };

  key::FamilyId id{};
  std::string name;  // Empty: tables name the family, and the manifest does not.
  std::string comparator_name;
  std::string merge_operator_name;  // Empty: it has none, as far as the manifest knows.
  uint64_t ttl_ms = 0;              // 0: none, or that of the default family, which each open is given.
  std::array<Level, key::kLevels> levels{};
  uint64_t range_deletes = 0;  // Stretches of keys that they hide something in, and the bytes of the table of them.
  uint64_t range_delete_bytes = 0;

  [[nodiscard]] Level All() const;
};

// The default family first, then by id.
[[nodiscard]] std::vector<FamilyFigures> FiguresByFamily(const ManifestState& state);
// The name, or "number 7" where the manifest has none.
[[nodiscard]] std::string FamilyName(const ManifestState& state, key::FamilyId id);

}  // namespace amethyst::inspect
