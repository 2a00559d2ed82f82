#include "inspect/family_figures.h"

#include <fmt/format.h>

#include <map>

namespace amethyst::inspect {

FamilyFigures::Level& FamilyFigures::Level::operator+=(const Level& other) {
  tables += other.tables;
  bytes += other.bytes;
  entries += other.entries;
  deletes += other.deletes;
  return *this;
}

FamilyFigures::Level FamilyFigures::All() const {
  Level all;
  for (const Level& level : levels) all += level;
  return all;
}

std::vector<FamilyFigures> FiguresByFamily(const ManifestState& state) {
  std::map<key::FamilyId, FamilyFigures> by_id;
  by_id[key::FamilyId{}] = {.id = {},
                            .name = std::string(tree::kDefaultFamilyName),
                            .comparator_name = state.comparator_name,
                            .merge_operator_name = state.merge_operator_name};
  for (const auto& [id, family] : state.families) {
    by_id[id] = {.id = id,
                 .name = family.name,
                 .comparator_name = family.comparator_name,
                 .merge_operator_name = family.merging.operator_name,
                 .ttl_ms = family.ttl_ms};
  }
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::AddedTable& table : state.levels[level]) {
      by_id[table.family].levels[level] +=
          {.tables = 1, .bytes = table.info.file_bytes, .entries = table.info.entries, .deletes = table.info.deletes};
    }
  }
  for (const tree::AddedTable& table : state.range_tombstones) {
    by_id[table.family].range_deletes += table.info.entries;
    by_id[table.family].range_delete_bytes += table.info.file_bytes;
  }
  std::vector<FamilyFigures> figures;
  for (auto& [id, family] : by_id) {
    family.id = id;
    figures.push_back(std::move(family));
  }
  return figures;
}

std::string FamilyName(const ManifestState& state, key::FamilyId id) {
  if (id == key::FamilyId{}) return std::string(tree::kDefaultFamilyName);
  const auto family = state.families.find(id);
  return family == state.families.end() ? fmt::format("number {}", key::Raw(id)) : family->second.name;
}

}  // namespace amethyst::inspect
