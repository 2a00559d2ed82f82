#include "engine/family_list.h"

#include <limits>

#include "base/error.h"
#include "compress/codec.h"
#include "engine/cursor_list.h"
#include "engine/family.h"
#include "key/merge_operators.h"

namespace amethyst::engine {

namespace {

Status CheckName(const tree::Forest& forest, std::string_view name) {
  if (name.empty() || name.size() > tree::kFamilyNameBytesMax) {
    return base::InvalidArgument("a family's name has {} bytes; it must have 1 to {}", name.size(),
                                 tree::kFamilyNameBytesMax);
  }
  if (forest.FindByName(name) == nullptr) return {};
  return base::InvalidArgument("there is a family \"{}\" already", name);
}

// The options of a family as the manifest will have them, checked as those of the database are.
Result<tree::FamilyDescription> Describe(std::string_view name, const FamilyOptions& options, Options as_database) {
  as_database.families = {{std::string(name), options}};
  as_database.comparator = options.comparator;
  as_database.block_bytes = options.block_bytes.value_or(as_database.block_bytes);
  as_database.compression = options.compression.value_or(as_database.compression);
  as_database.filter_false_positive_rate =
      options.filter_false_positive_rate.value_or(as_database.filter_false_positive_rate);
  if (const Result<Settings> checked = CheckOptions(as_database); !checked) {
    return base::InvalidArgument("family \"{}\": {}", name, checked.error().message());
  }
  tree::FamilyDescription family;
  family.name = name;
  family.comparator_name = options.comparator->Name();
  family.order = key::Order(options.comparator);
  family.block_bytes = options.block_bytes;
  family.compression = options.compression;
  family.filter_false_positive_rate = options.filter_false_positive_rate;
  family.compaction_filter = options.compaction_filter;
  family.ttl_ms = static_cast<uint64_t>(options.ttl.count());
  family.merging.family = name;
  if (options.merge_operator != nullptr) {
    key::GiveOperator(options.merge_operator, &family.merging);
    family.merging.operator_name = options.merge_operator->Name();
  }
  return family;
}

EventKind EventKindOf(wal::FamilyChange::Action action) {
  switch (action) {
    case wal::FamilyChange::Action::kMade: return EventKind::kFamilyMade;
    case wal::FamilyChange::Action::kDropped: return EventKind::kFamilyDropped;
    case wal::FamilyChange::Action::kRenamed: return EventKind::kFamilyRenamed;
  }
  return {};
}

}  // namespace

Result<tree::FamilyKey> FamilyList::Create(std::string_view name, const FamilyOptions& options) {
  base::MutexLock lock(mutex_);
  const std::shared_ptr<const tree::Forest> before = forest();
  AMETHYST_TRY(CheckName(*before, name));
  AMETHYST_ASSIGN(tree::FamilyDescription family, Describe(name, options, settings_.options));
  family.id = before->next_family_id();
  if (key::Raw(family.id) == std::numeric_limits<uint32_t>::max()) {
    return base::NotSupported("this database has had as many families as it can number");
  }
  const wal::FamilyChange made{.action = wal::FamilyChange::Action::kMade, .family = family.id, .name = family.name};
  tree::VersionEdit edit;
  edit.families.push_back(std::move(family));
  AMETHYST_TRY(Install(std::move(edit), made));
  AMETHYST_TRY(Tell(made));
  return Open(name);
}

Status FamilyList::Install(tree::VersionEdit edit, const wal::FamilyChange& change, std::string_view name_before) {
  return storage_.Install(std::move(edit), reads_, nullptr, [&] {
    health_.events.Tell([&] {
      return Event{.kind = EventKindOf(change.action),
                   .family_id = key::Raw(change.family),
                   .family = change.name,
                   .text = std::string(name_before)};
    });
  });
}

Status FamilyList::Tell(const wal::FamilyChange& change) {
  if (!storage_.cursors->IsInUse()) return {};
  std::string record;
  change.AppendTo(&record);
  Status appended;
  AMETHYST_TRY(committer_.RunLocked([&] {
    const Result<wal::LogPosition> end = storage_.log->AppendFamilyChange(record);
    if (!end) appended = std::unexpected(end.error());
  }));
  AMETHYST_TRY(appended);
  return storage_.log->SyncAll();
}

Result<tree::FamilyKey> FamilyList::Open(std::string_view name) const {
  const std::shared_ptr<const tree::Forest> now = forest();
  if (const tree::FamilyTree* const tree = now->FindByName(name)) return now->KeyOf(*tree);
  std::string names;
  for (const tree::FamilyTree& tree : now->families()) {
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", tree.family->name);
  }
  return base::InvalidArgument("there is no family \"{}\"; there are {}", name, names);
}

Status FamilyList::Drop(const tree::FamilyKey& family) {
  if (family.id == key::kDefaultFamily) return base::InvalidArgument("the default family cannot be dropped");
  base::MutexLock lock(mutex_);
  const std::shared_ptr<const tree::Forest> before = forest();
  const tree::FamilyTree* const tree = before->Find(family);
  if (tree == nullptr) return FamilyDropped();
  tree::VersionEdit edit;
  edit.dropped_families.push_back(family.id);
  const wal::FamilyChange dropped{
      .action = wal::FamilyChange::Action::kDropped, .family = family.id, .name = tree->family->name};
  AMETHYST_TRY(Install(std::move(edit), dropped));
  return Tell(dropped);
}

Status FamilyList::Rename(const tree::FamilyKey& family, std::string_view name) {
  if (family.id == key::kDefaultFamily) return base::InvalidArgument("the default family cannot be renamed");
  base::MutexLock lock(mutex_);
  const std::shared_ptr<const tree::Forest> before = forest();
  const tree::FamilyTree* const tree = before->Find(family);
  if (tree == nullptr) return FamilyDropped();
  if (tree->family->name == name) return {};
  AMETHYST_TRY(CheckName(*before, name));
  tree::VersionEdit edit;
  edit.families.push_back(*tree->family);
  edit.families.back().name = name;
  edit.families.back().merging.family = name;
  const wal::FamilyChange renamed{
      .action = wal::FamilyChange::Action::kRenamed, .family = family.id, .name = std::string(name)};
  AMETHYST_TRY(Install(std::move(edit), renamed, tree->family->name));
  return Tell(renamed);
}

Status FamilyList::Change(const std::map<std::string, FamilyChanges, std::less<>>& changes) {
  base::MutexLock lock(mutex_);
  const std::shared_ptr<const tree::Forest> before = forest();
  tree::VersionEdit edit;
  for (const auto& [name, change] : changes) {
    if (name == tree::kDefaultFamilyName) continue;
    AMETHYST_TRY(Open(name));
    const tree::FamilyDescription& as_is = *before->FindByName(name)->family;
    if (change.compression && !compress::IsKnownCodec(static_cast<uint8_t>(*change.compression))) {
      return base::InvalidArgument("family \"{}\": compression is {}; it must be kNone, kLz4 or kZstd", name,
                                   static_cast<int>(*change.compression));
    }
    if (change.ttl && change.ttl->count() < 0) {
      return base::InvalidArgument("family \"{}\": ttl is {} ms; it must not be negative", name, change.ttl->count());
    }
    tree::FamilyDescription& changed = edit.families.emplace_back(as_is);
    if (change.compression) changed.compression = change.compression;
    if (change.ttl) changed.ttl_ms = static_cast<uint64_t>(change.ttl->count());
  }
  return edit.families.empty() ? Status() : storage_.Install(std::move(edit), reads_, nullptr);
}

Status FamilyList::NoteMergeOperator(const tree::FamilyKey& family) {
  const auto is_noted = [](const tree::FamilyTree* tree) {
    return tree == nullptr || tree->family->merging.merge_operator == nullptr ||
           !tree->family->merging.operator_name.empty();
  };
  if (is_noted(forest()->Find(family))) return {};
  base::MutexLock lock(mutex_);
  const std::shared_ptr<const tree::Forest> now = forest();
  const tree::FamilyTree* const tree = now->Find(family);
  if (is_noted(tree)) return {};
  tree::VersionEdit edit;
  edit.families.push_back(*tree->family);
  key::Merging& merging = edit.families.back().merging;
  merging.operator_name = merging.merge_operator->Name();
  return storage_.Install(std::move(edit), reads_, nullptr);
}

std::vector<std::string> FamilyList::Names() const {
  std::vector<std::string> names;
  const std::shared_ptr<const tree::Forest> now = forest();
  for (const tree::FamilyTree& tree : now->families()) names.push_back(tree.family->name);
  return names;
}

std::string FamilyList::NameOf(const tree::FamilyKey& family) const {
  const std::shared_ptr<const tree::Forest> now = forest();
  const tree::FamilyTree* const tree = now->Find(family);
  return tree == nullptr ? std::string() : tree->family->name;
}

}  // namespace amethyst::engine
