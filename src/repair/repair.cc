#include "repair/repair.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/containment.h"
#include "base/error.h"
#include "catalog/census.h"
#include "catalog/manifest.h"
#include "io/system_environment.h"
#include "repair/destroy.h"
#include "repair/salvage_ingests.h"
#include "repair/salvage_merge.h"
#include "repair/salvage_sources.h"
#include "tree/file_names.h"
#include "tree/tombstone_table.h"

namespace amethyst {
namespace repair {
namespace {

constexpr size_t kCacheBytes = size_t{8} << 20;

// What the manifest, as far as it is whole, says of the tables.
struct KnownTables {
  // The list is all there, and so are the tables on it: others are leftovers, of which some may hold what was deleted
  // since.
  bool whole = false;
  std::map<key::FileNumber, sstable::TableInfo> tables;
  std::map<key::FileNumber, key::FamilyId> families;  // Of those of them that are of another family than the default.
  std::set<key::FileNumber> tombstone_tables;         // Those of them that hold range deletes.
  std::map<key::FamilyId, tree::FamilyDescription> descriptions;  // Of these families, as far as they were not dropped.
  key::FamilyId next_family_id{1};
  key::FileNumber first_log_segment{};
  bool log_is_empty = false;  // No segment needs to be there.
  key::SequenceNumber flushed_sequence{};
  std::string comparator_name;
  std::string merge_operator_name;  // Empty: there are no operands, or nothing tells.
};

// The manifest that CURRENT names; without CURRENT the newest, which is at least as new.
std::optional<key::FileNumber> FindManifest(io::FileSystem& files, const std::string& directory,
                                            const std::vector<std::string>& names, std::vector<std::string>* dropped) {
  const auto current = catalog::ReadCurrent(files, directory);
  if (current) return *current;
  dropped->push_back(current.error().message());
  std::optional<key::FileNumber> newest;
  for (const std::string& name : names) {
    const auto parsed = tree::ParseFileName(name);
    if (parsed && parsed->type == tree::FileType::kManifest) newest = std::max(newest, std::optional(parsed->number));
  }
  return newest;
}

KnownTables ReadManifest(io::FileSystem& files, const std::string& directory, const std::vector<std::string>& names,
                         std::vector<std::string>* dropped) {
  KnownTables known;
  const auto current = FindManifest(files, directory, names, dropped);
  if (!current) return known;
  const auto read = catalog::ReadManifest(files, directory, *current, [&](const tree::VersionEdit& edit) -> Status {
    for (const tree::FamilyDescription& family : edit.families) {
      known.descriptions.insert_or_assign(family.id, family);
      known.next_family_id = std::max(known.next_family_id, key::FamilyId{key::Raw(family.id) + 1});
    }
    known.next_family_id = std::max(known.next_family_id, edit.next_family_id.value_or(known.next_family_id));
    for (const tree::RemovedTable& removed : edit.removed) known.tables.erase(removed.number);
    for (const tree::AddedTable& added : edit.added) {
      known.tables.insert_or_assign(added.number, added.info);
      if (added.holds_tombstones) known.tombstone_tables.insert(added.number);
      if (added.family != key::kDefaultFamily) known.families.insert_or_assign(added.number, added.family);
    }
    for (const key::FamilyId gone : edit.dropped_families) {
      known.descriptions.erase(gone);
      std::erase_if(known.tables, [&](const auto& table) {
        const auto family = known.families.find(table.first);
        return family != known.families.end() && family->second == gone;
      });
    }
    const key::FileNumber first = std::max(known.first_log_segment, edit.first_log_segment.value_or(key::FileNumber{}));
    known.log_is_empty = edit.clean_log_end ? edit.clean_log_end->segment < first
                                            : known.log_is_empty && first == known.first_log_segment;
    known.first_log_segment = first;
    known.flushed_sequence = std::max(known.flushed_sequence, edit.flushed_sequence.value_or(key::SequenceNumber{}));
    known.comparator_name = edit.comparator_name.value_or(known.comparator_name);
    known.merge_operator_name = edit.merge_operator_name.value_or(known.merge_operator_name);
    return {};
  });
  known.whole = read.has_value();
  if (!read) dropped->push_back(fmt::format("{}: {}", tree::ManifestFileName(*current), read.error().message()));
  return known;
}

// In the place of the operator that operands are for: they are kept as they are, under its name.
class CarriedOperator final : public MergeOperator {
 public:
  explicit CarriedOperator(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] std::string_view Name() const override { return name_; }
  [[nodiscard]] bool Merge(std::string_view /*key*/, std::optional<std::string_view> /*base*/,
                           std::span<const std::string_view> /*operands*/,
                           std::optional<std::string>* /*result*/) const noexcept override {
    return false;
  }

 private:
  const std::string name_;
};

class Repairing {
 public:
  Repairing(Components components, const std::string& from)
      : components_(std::move(components)),
        files_(components_.environment->files()),
        from_(from),
        cache_({.capacity_bytes = kCacheBytes, .shards = 1}) {}

  Result<RepairReport> Run(const std::filesystem::path& to) {
    AMETHYST_ASSIGN(const catalog::Census census, catalog::TakeCensus(files_, from_));
    const std::vector<std::string>& names = census.own;
    for (const catalog::Stranger& stranger : census.strangers) Drop(stranger.name, "not taken: " + stranger.what);
    KnownTables known = ReadManifest(files_, from_, names, &report_.dropped);
    ingests_ = FindIngests(files_, from_, names, known.whole ? known.flushed_sequence : key::SequenceNumber{});
    for (const auto& [number, added] : ingests_.tables) {
      known.tables.emplace(number, added.info);
      if (added.family != key::kDefaultFamily) known.families.emplace(number, added.family);
    }
    TellMissingFiles(names, &known);
    if (!known.comparator_name.empty() && known.comparator_name != BytewiseComparator()->Name()) {
      return base::NotSupported("{}: its keys are in the order '{}', which only the program that wrote it knows", from_,
                                known.comparator_name);
    }
    for (const std::string& name : names) {
      const auto parsed = tree::ParseFileName(name);
      if (parsed && parsed->type == tree::FileType::kTable) AddTable(name, parsed->number, known);
    }
    TakeIngestedRanges();
    LogEntries log;
    if (known.whole) log.flushed = known.flushed_sequence;
    AMETHYST_ASSIGN(report_.log_batches_kept, SalvageLog(files_, from_, names, &log, &report_.dropped));
    for (auto& [id, entries] : log.families) AddLog(id, std::move(entries), known);

    Options options;
    options.error_if_exists = true;
    options.memory_budget_bytes = SalvageMerge::kMemoryBudgetBytes;
    if (!known.merge_operator_name.empty()) {
      options.families["default"].merge_operator = std::make_shared<CarriedOperator>(known.merge_operator_name);
    }
    AMETHYST_ASSIGN(const std::unique_ptr<DB> database, DB::Open(to, options, components_));
    Status written;
    for (auto& [id, family] : families_) {
      if (written) written = WriteFamily(*database, id, std::move(family), known);
    }
    const Status closed = database->Close();
    if (written) written = closed;
    if (written) return std::move(report_);
    static_cast<void>(DestroyIn(files_, to.string()));  // A part of what can be saved would look like all of it.
    return std::unexpected(written.error());
  }

 private:
  void Drop(const std::string& name, std::string_view what) {
    report_.dropped.push_back(fmt::format("{}: {}", name, what));
  }

  static bool IsBytewise(std::string_view order) { return order == BytewiseComparator()->Name(); }
  static std::string OtherOrder(std::string_view family, std::string_view order) {
    return fmt::format("all of it: family {} is in the order '{}', which only the program that wrote it knows", family,
                       order);
  }

  // What there is of one family: entries of two families may have one key, and are not put together.
  struct FamilySources {
    std::string name{};  // Empty: nothing says it.
    SalvageMerge::Sources sources{};
    const SalvageSource* settled = nullptr;
    SalvagedRangeDeletes range_deletes{};
    key::FileNumber newest_list{};  // The table that they are from; the log's come on top.
  };

  // Of the log. What it holds of a dropped family is nobody's, as far as the manifest is there to say so.
  void AddLog(key::FamilyId id, LogEntries::OfFamily entries, const KnownTables& known) {
    const auto described = known.descriptions.find(id);
    if (id != key::kDefaultFamily && known.whole && described == known.descriptions.end()) {
      if (id >= known.next_family_id)
        Drop("log", fmt::format("entries of family {}, which was never made", key::Raw(id)));
      return;
    }
    if (described != known.descriptions.end() && !IsBytewise(described->second.comparator_name)) {
      return Drop("log", OtherOrder(described->second.name, described->second.comparator_name));
    }
    FamilySources& family = families_[id];
    if (described != known.descriptions.end()) family.name = described->second.name;
    family.settled = entries.settled.get();
    family.range_deletes.Append(entries.range_deletes);
    family.sources.push_back(std::move(entries.settled));
    family.sources.push_back(std::move(entries.fresh));
  }

  // As the manifest describes the family, for its operator's name alone.
  static FamilyOptions OptionsOf(const tree::FamilyDescription& family) {
    FamilyOptions options{.compression = family.compression,
                          .block_bytes = family.block_bytes,
                          .filter_false_positive_rate = family.filter_false_positive_rate,
                          .ttl = std::chrono::milliseconds(static_cast<int64_t>(family.ttl_ms))};
    if (!family.merging.operator_name.empty()) {
      options.merge_operator = std::make_shared<CarriedOperator>(family.merging.operator_name);
    }
    return options;
  }

  // Into a family of its name, with its settings where the manifest has them.
  Status WriteFamily(DB& database, key::FamilyId id, FamilySources family, const KnownTables& known) {
    if (id != key::kDefaultFamily && (family.name.empty() || database.OpenFamily(family.name))) {
      family.name = fmt::format("{}{}", family.name.empty() ? "family " : family.name + " ", key::Raw(id));
    }
    const auto described = known.descriptions.find(id);
    const FamilyOptions options =
        described == known.descriptions.end() ? FamilyOptions() : OptionsOf(described->second);
    const bool is_default = id == key::kDefaultFamily;
    AMETHYST_ASSIGN(const Family into, is_default ? database.OpenFamily(tree::kDefaultFamilyName)
                                                  : database.CreateFamily(family.name, options));
    const bool keeps_operands = is_default ? !known.merge_operator_name.empty() : options.merge_operator != nullptr;
    return SalvageMerge(
               std::move(family.sources), family.settled, family.range_deletes,
               {.tables_whole = known.whole, .keeps_operands = keeps_operands, .has_ttl = options.ttl.count() > 0})
        .Run(database, into, &report_);
  }

  // Where the entries of a table go; nullptr, which is told: nobody here knows their order.
  FamilySources* FamilyOf(const std::string& file, key::FileNumber number, const sstable::TableSalvage& table,
                          const KnownTables& known) {
    key::FamilyId id{};
    std::string name;
    std::string order;
    if (table.properties()) {
      id = table.properties()->family;
      name = table.properties()->family_name;
      order = table.properties()->order_name;
    }
    if (const auto listed = known.families.find(number); listed != known.families.end()) id = listed->second;
    if (const auto described = known.descriptions.find(id); described != known.descriptions.end()) {
      name = described->second.name;
      order = described->second.comparator_name;
    }
    if (id != key::kDefaultFamily && !IsBytewise(order)) {
      Drop(file, OtherOrder(name, order));
      return nullptr;
    }
    FamilySources& family = families_[id];
    if (!name.empty()) family.name = name;
    return &family;
  }

  // A list whose tables are gone may be an old one: then what it does not list is taken as well.
  void TellMissingFiles(const std::vector<std::string>& names, KnownTables* known) {
    for (const auto& [number, info] : known->tables) {
      const std::string name = tree::TableFileName(number);
      if (std::ranges::find(names, name) != names.end()) continue;
      Drop(name, fmt::format("all its {} entries: the file is missing", info.entries));
      known->whole = false;
    }
    const std::string log = tree::LogFileName(known->first_log_segment);
    const bool is_needed = known->first_log_segment != key::FileNumber{} && !known->log_is_empty;
    if (is_needed && std::ranges::find(names, log) == names.end()) {
      Drop(log, "missing, the beginning of the log");
    }
  }

  void AddTable(const std::string& name, key::FileNumber number, const KnownTables& known) {
    const auto listed = known.tables.find(number);
    if (known.whole && listed == known.tables.end()) return;
    auto opened = files_.Open(io::JoinPath(from_, name));
    if (!opened) return Drop(name, fmt::format("all of it: {}", opened.error().message()));
    const std::shared_ptr<io::RandomAccessFile> file = *std::move(opened);
    auto table = sstable::TableSalvage::Open(file, key::Order(), cache_);
    if (!table) return Drop(name, fmt::format("all of it: {}", table.error().message()));
    for (const std::string& problem : (*table)->problems()) Drop(name, problem);
    TableOrigin origin{.name = name, .number = number};
    FamilySources* const family = FamilyOf(name, number, **table, known);
    if (family == nullptr) return;
    if (((*table)->properties() && (*table)->properties()->tombstone_span) || known.tombstone_tables.contains(number)) {
      return TakeRangeDeletes(family, std::move(origin), *std::move(table));
    }
    if (listed != known.tables.end()) {
      origin.clean_through = listed->second.clean_through;
      origin.sequence_base = listed->second.sequence_base;
    }
    if ((*table)->properties()) {
      origin.lineage = (*table)->properties()->lineage;
      if (!ingests_.Place(*(*table)->properties(), &origin)) {
        Drop(name, "when it was taken in; it is held to be newer than the tables of lower numbers");
      }
    }
    if ((*table)->has_index()) {
      ++report_.tables_kept;
      family->sources.push_back(std::make_unique<TableSource>(std::move(origin), *std::move(table), &report_.dropped));
    } else if (listed != known.tables.end()) {
      ScanTable(family, std::move(origin), file, listed->second.uid);
    } else if ((*table)->footer()) {
      ScanTable(family, std::move(origin), file, (*table)->footer()->uid);
    } else if ((*table)->header()) {
      ScanTable(family, std::move(origin), file, (*table)->header()->table_uid);
    }
  }

  // Those of ingests that no list has yet, on top of the families' lists.
  void TakeIngestedRanges() {
    for (const ingest::FamilyRange& deleted : ingests_.range_deletes) {
      const auto family = families_.find(deleted.family);
      std::string_view encoded = deleted.range;
      key::Range range;
      if (family == families_.end() || !key::ReadRange(&encoded, &range)) continue;
      family->second.range_deletes.Add(range, deleted.sequence);
    }
  }

  // A family's list of range deletes; a newer one replaces it.
  void TakeRangeDeletes(FamilySources* family, TableOrigin origin, std::unique_ptr<sstable::TableSalvage> table) {
    if (!table->has_index()) return Drop(origin.name, "all its range deletes: what they deleted is there again");
    if (origin.number < family->newest_list) return;
    ++report_.tables_kept;
    family->newest_list = origin.number;
    family->range_deletes = {};
    const size_t problems = report_.dropped.size();
    const std::string name = origin.name;
    TableSource source(std::move(origin), std::move(table), &report_.dropped);
    key::Range range;
    std::vector<key::SequenceNumber> sequences;
    while (source.Next()) {
      if (!tree::ReadFragment(source.entry().value(), &range, &sequences)) continue;
      for (const key::SequenceNumber sequence : sequences) family->range_deletes.Add(range, sequence);
    }
    if (report_.dropped.size() > problems) Drop(name, "range deletes: what they deleted is there again");
  }

  // A table whose index is lost: its blocks one after the other, as far as they can be told apart.
  void ScanTable(FamilySources* family, TableOrigin origin, const std::shared_ptr<io::RandomAccessFile>& file,
                 const base::Uid& uid) {
    const std::string name = origin.name;
    auto loose = std::make_unique<NewestEntries>(std::move(origin));
    uint64_t entries = 0;
    const auto end = sstable::ScanBlocks(file, uid, key::Order(), [&](const sstable::Block& block) {
      for (uint32_t i = 0; i < block.count(); ++i)
        loose->Add(block.key(i), loose->origin().TagOf(block.tag(i)), block.value(i));
      entries += block.count();
    });
    if (!end) return Drop(name, fmt::format("all of it: {}", end.error().message()));
    Drop(name, fmt::format("what lies behind {}; {} entries before it were found without the index", *end, entries));
    report_.tables_kept += entries > 0 ? 1 : 0;
    family->sources.push_back(std::move(loose));
  }

  const Components components_;
  io::FileSystem& files_;
  const std::string& from_;
  cache::BlockCache cache_;
  RepairReport report_;
  std::map<key::FamilyId, FamilySources> families_;
  SalvagedIngests ingests_;
};

}  // namespace

Result<RepairReport> RepairInto(const std::filesystem::path& from, const std::filesystem::path& to,
                                Components components) {
  const std::string directory = from.string();
  if (components.environment == nullptr) components.environment = io::DefaultEnvironment();
  io::FileSystem& files = components.environment->files();
  AMETHYST_ASSIGN(const bool exists, files.Exists(directory));
  if (!exists) return base::InvalidArgument("{}: there is no database here: no such directory", directory);
  AMETHYST_TRY(catalog::TakeCensus(files, directory));  // Whose lock would be taken.
  AMETHYST_ASSIGN(const auto lock, files.Lock(io::JoinPath(directory, tree::kLockFileName), io::LockMode::kShared));
  return Repairing(std::move(components), directory).Run(to);
}

}  // namespace repair

Result<RepairReport> DB::Repair(const std::filesystem::path& from, const std::filesystem::path& to) {
  return base::Contained([&] { return repair::RepairInto(from, to, {}); });
}

}  // namespace amethyst
