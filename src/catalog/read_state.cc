#include "catalog/read_state.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "catalog/manifest.h"
#include "key/merge_operators.h"
#include "tree/file_names.h"
#include "tree/tombstone_table.h"

namespace amethyst::catalog {

namespace {

// A database's own files that are worth something: without CURRENT, a sign that it was lost.
bool HoldsData(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    const std::optional<tree::ParsedFileName> parsed = tree::ParseFileName(name);
    return parsed && (parsed->type == tree::FileType::kTable || parsed->type == tree::FileType::kLogSegment);
  });
}

bool HoldsOtherManifest(const std::vector<std::string>& names, key::FileNumber manifest) {
  return std::ranges::any_of(names, [manifest](const std::string& name) {
    const std::optional<tree::ParsedFileName> parsed = tree::ParseFileName(name);
    return parsed && parsed->type == tree::FileType::kManifest && parsed->number != manifest;
  });
}

Status CheckTable(tree::TableStore& store, key::Level level, const tree::Table& table,
                  const std::set<std::string_view>& present) {
  const std::string path = store.Path(table.number());
  if (!present.contains(tree::TableFileName(table.number()))) {
    return base::Corruption("{}: expected a table of {} bytes at level {}, found no such file", path,
                            table.info().file_bytes, level);
  }
  AMETHYST_ASSIGN(const uint64_t file_bytes, store.files().FileSize(path));
  if (file_bytes == table.info().file_bytes) return {};
  return base::Corruption("{}: expected a table of {} bytes, found {}", path, table.info().file_bytes, file_bytes);
}

Status CheckTables(tree::TableStore& store, const tree::Version& version, const std::set<std::string_view>& present) {
  Status checked;
  version.ForEachTable([&](key::Level level, const tree::TablePtr& table) {
    if (checked) checked = CheckTable(store, level, *table, present);
  });
  return checked;
}

Status CheckFamilies(tree::TableStore& store, const CatalogSettings& settings, const tree::Forest& forest,
                     const std::vector<std::string>& names) {
  const std::set<std::string_view> present(names.begin(), names.end());
  AMETHYST_TRY(CheckOrders(settings, forest));
  for (const tree::FamilyTree& tree : forest.families()) AMETHYST_TRY(CheckTables(store, *tree.version, present));
  return {};
}

}  // namespace

void SetFunctions(const CatalogSettings& settings, tree::VersionEdit* edit) {
  for (tree::FamilyDescription& family : edit->families) {
    const auto has_its_comparator = [&family](const auto& given) {
      return given.second.comparator != nullptr && given.second.comparator->Name() == family.comparator_name;
    };
    if (family.comparator_name == settings.order.comparator()->Name()) {
      family.order = settings.order;
    } else if (family.comparator_name == BytewiseComparator()->Name()) {
      family.order = key::Order();
    } else if (const auto known = std::ranges::find_if(settings.families, has_its_comparator);
               known != settings.families.end()) {
      family.order = key::Order(known->second.comparator);
    }
    const auto given = settings.families.find(family.name);
    const FamilyOptions functions = given == settings.families.end() ? FamilyOptions() : given->second;
    key::GiveOperator(functions.merge_operator, &family.merging);
    family.compaction_filter = functions.compaction_filter;
  }
}

Status CheckOrders(const CatalogSettings& settings, const tree::Forest& forest) {
  for (const tree::FamilyTree& tree : forest.families()) {
    if (tree.version != nullptr) continue;
    return base::InvalidArgument("{}: family \"{}\" is in the order of comparator '{}', which was not given",
                                 settings.directory, tree.family->name, tree.family->comparator_name);
  }
  return {};
}

Writing WritingIn(io::FileSystem& files, const std::string& directory) {
  const bool is_written = files.IsLocked(io::JoinPath(directory, tree::kLockFileName)).value_or(true);
  return is_written ? Writing::kGoesOn : Writing::kHasEnded;
}

key::FileNumber NumberAfter(const std::vector<std::string>& names, key::FileNumber at_least) {
  for (const std::string& name : names) {
    if (const auto parsed = tree::ParseFileName(name)) {
      at_least = std::max(at_least, key::FileNumber{key::Raw(parsed->number) + 1});
    }
  }
  return at_least;
}

Result<RecoveredState> NewState(const CatalogSettings& settings, const std::vector<std::string>& names) {
  if (HoldsData(names)) {
    return base::Corruption("{}: CURRENT is missing beside tables or log segments", settings.directory);
  }
  if (settings.read_only || !settings.create_if_missing) {
    return base::InvalidArgument("{}: no database is there", settings.directory);
  }
  RecoveredState made{.state = CatalogState(settings.order)};
  CatalogState& state = made.state;
  state.database_uid = base::NewUid();
  state.comparator_name = settings.order.comparator()->Name();
  // As of one that was closed: no segment is there, and the first may be made later.
  state.clean_log_end = wal::LogCut{};
  state.first_log_segment = state.next_file_number;  // Which the manifest takes.
  return made;
}

Result<RecoveredState> RecoverState(const std::shared_ptr<tree::TableStore>& store, const CatalogSettings& settings,
                                    const std::vector<std::string>& names, key::FileNumber manifest) {
  RecoveredState recovered{.state = CatalogState(settings.order)};
  CatalogState& state = recovered.state;
  const auto forest = std::make_shared<tree::Forest>(settings.order);
  const std::string_view order_name = settings.order.comparator()->Name();
  const auto take = [&](const tree::VersionEdit& edit) -> Status {
    if (edit.comparator_name && *edit.comparator_name != order_name) {
      return base::InvalidArgument("{}: the database is in the order of comparator '{}', not of '{}'",
                                   settings.directory, *edit.comparator_name, order_name);
    }
    tree::VersionEdit known = edit;
    SetFunctions(settings, &known);
    AMETHYST_TRY(forest->Change(known, TableMaker(store)));
    state = state.WithNumbersOf(known);
    return {};
  };
  base::Uid uid;
  if (settings.follows) {
    const Writing writing = WritingIn(store->files(), settings.directory);
    AMETHYST_TRY(FollowCurrent(store->files(), settings.directory, {.database_uid = {}, .number = manifest}, writing,
                               take, &recovered.end));
    uid = state.database_uid;
  } else {
    AMETHYST_ASSIGN(const ManifestReport report,
                    ReadManifest(store->files(), settings.directory, manifest, take, settings.manifest_bytes_max));
    uid = report.database_uid;
    recovered.end = report.end;
    // The mark is written after the sync of what it counts. A manifest that CURRENT named before is removed once
    // CURRENT is durable.
    recovered.is_durable =
        report.marked == report.records && report.torn_bytes == 0 && !HoldsOtherManifest(names, manifest);
  }
  if (state.database_uid != uid || state.comparator_name.empty()) {
    return base::Corruption("{}: expected the database's uid and comparator in the first record, found others",
                            io::JoinPath(settings.directory, tree::ManifestFileName(manifest)));
  }
  AMETHYST_TRY(CheckFamilies(*store, settings, *forest, names));
  // Without them what was deleted would be there again.
  AMETHYST_ASSIGN(state.forest, forest->WithTombstones([](const tree::Table& table, const key::Order& order) {
    return tree::ReadTombstoneTable(table, order);
  }));
  return recovered;
}

}  // namespace amethyst::catalog
