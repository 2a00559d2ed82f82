#include "tree/version.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "tree/file_names.h"

namespace amethyst::tree {
namespace {

Status CheckTable(const AddedTable& table, const key::Order& order) {
  const sstable::TableInfo& info = table.info;
  if (info.entries == 0 || info.deletes > info.entries || info.expiries.entries > info.entries - info.deletes ||
      info.file_bytes == 0 || info.smallest_sequence > info.largest_sequence ||
      info.smallest_sequence < info.sequence_base || order.Less(info.largest, info.smallest)) {
    return base::Corruption(
        "{}: expected a table with entries in order, found {} bytes, {} entries, {} deletes, {} that expire",
        TableFileName(table.number), info.file_bytes, info.entries, info.deletes, info.expiries.entries);
  }
  return {};
}

std::unexpected<Error> AddedTwice(key::FileNumber number) {
  return base::Corruption("version edit adds {}, which is there already", TableFileName(number));
}

Status SortRun(key::Level level, const key::Order& order, std::vector<TablePtr>* tables) {
  std::sort(tables->begin(), tables->end(),
            [&](const TablePtr& a, const TablePtr& b) { return order.Less(a->info().smallest, b->info().smallest); });
  for (size_t i = 1; i < tables->size(); ++i) {
    const Table& before = *(*tables)[i - 1];
    const Table& after = *(*tables)[i];
    if (!order.Less(before.info().largest, after.info().smallest)) {
      return base::Corruption("version edit makes {} and {} overlap at level {}", TableFileName(before.number()),
                              TableFileName(after.number()), level);
    }
  }
  return {};
}

}  // namespace

Version::Version(key::Order order) : order_(order) { runs_.fill(std::make_shared<const Run>()); }

std::span<const TablePtr> Version::tables(key::Level level) const {
  AMETHYST_DCHECK(level < key::kLevels);
  return level == 0 ? level0() : run(level).tables();
}

uint64_t Version::LevelBytes(key::Level level) const {
  uint64_t bytes = 0;
  for (const TablePtr& table : tables(level)) bytes += table->info().file_bytes;
  return bytes;
}

TablePtr Version::FindTable(key::Level level, key::FileNumber number) const {
  const std::span<const TablePtr> all = tables(level);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const TablePtr& table) { return table->number() == number; });
  return found == all.end() ? nullptr : *found;
}

Result<std::shared_ptr<const Version>> Version::Apply(const VersionEdit& whole,
                                                      base::FunctionRef<TablePtr(const AddedTable&)> make_table) const {
  auto next = std::make_shared<Version>(*this);
  AMETHYST_ASSIGN(const VersionEdit edit, next->ChangeTombstones(whole, make_table));
  std::map<key::Level, std::vector<TablePtr>> changed;
  const auto change = [&](key::Level level) -> std::vector<TablePtr>& {
    AMETHYST_ASSERT(level < key::kLevels);
    const auto [place, fresh] = changed.try_emplace(level);
    if (fresh) place->second.assign(tables(level).begin(), tables(level).end());
    return place->second;
  };
  std::map<key::FileNumber, TablePtr> removed;
  for (const RemovedTable& removal : edit.removed) {
    TablePtr table = FindTable(removal.level, removal.number);
    if (table == nullptr || std::erase(change(removal.level), table) == 0) {
      return base::Corruption("version edit removes {}, which is not at level {}", TableFileName(removal.number),
                              removal.level);
    }
    removed.emplace(removal.number, std::move(table));
  }
  std::set<key::FileNumber> fresh_numbers;
  for (const AddedTable& added : edit.added) {
    AMETHYST_TRY(CheckTable(added, order_));
    TablePtr table;
    if (auto moved = removed.extract(added.number)) {
      table = std::move(moved.mapped());
      if (table->info() != added.info) {
        return base::Corruption("version edit moves {} and changes it", TableFileName(added.number));
      }
    } else {
      if (!fresh_numbers.insert(added.number).second) return AddedTwice(added.number);
      table = make_table(added);
    }
    std::vector<TablePtr>& level = change(added.level);
    AMETHYST_ASSERT(table != nullptr && table->number() == added.number);
    level.insert(added.level == 0 ? level.begin() : level.end(), std::move(table));  // I14
  }
  AMETHYST_TRY(CheckUnused(fresh_numbers));
  for (auto& [level, tables] : changed) {
    if (level > 0) AMETHYST_TRY(SortRun(level, order_, &tables));
    next->SetLevel(level, std::move(tables));
  }
  AMETHYST_ASSERT(next->tombstone_table_ != nullptr || next->tombstones_ == nullptr);
  return next;
}

Result<VersionEdit> Version::ChangeTombstones(const VersionEdit& edit,
                                              base::FunctionRef<TablePtr(const AddedTable&)> make_table) {
  VersionEdit rest;
  for (const RemovedTable& removed : edit.removed) {
    if (tombstone_table_ == nullptr || removed.number != tombstone_table_->number()) {
      rest.removed.push_back(removed);
      continue;
    }
    tombstone_table_ = nullptr;
    tombstones_ = nullptr;
  }
  for (const AddedTable& added : edit.added) {
    if (!added.holds_tombstones) {
      if (tombstone_table_ != nullptr && added.number == tombstone_table_->number()) return AddedTwice(added.number);
      rest.added.push_back(added);
      continue;
    }
    AMETHYST_TRY(CheckTable(added, key::Order()));
    if (tombstone_table_ != nullptr || added.level != 0 || FindTable(0, added.number) != nullptr) {
      return base::Corruption("version edit adds {}, a second table of range tombstones", TableFileName(added.number));
    }
    tombstone_table_ = make_table(added);
    AMETHYST_ASSERT(tombstone_table_ != nullptr && tombstone_table_->number() == added.number);
    tombstones_ = added.tombstones;
  }
  return rest;
}

std::shared_ptr<const Version> Version::WithTombstones(std::shared_ptr<const key::RangeTombstones> them) const {
  AMETHYST_ASSERT(tombstone_table_ != nullptr && them != nullptr);
  auto with = std::make_shared<Version>(*this);
  with->tombstones_ = std::move(them);
  return with;
}

Status Version::CheckUnused(const std::set<key::FileNumber>& numbers) const {
  for (key::Level level = 0; !numbers.empty() && level < key::kLevels; ++level) {
    for (const TablePtr& table : tables(level)) {
      if (numbers.contains(table->number())) return AddedTwice(table->number());
    }
  }
  return {};
}

void Version::SetLevel(key::Level level, std::vector<TablePtr> tables) {
  AMETHYST_ASSERT(level < key::kLevels);
  if (level > 0) {
    runs_[level] = std::make_shared<const Run>(std::move(tables), order_);
    return;
  }
  level0_ = std::move(tables);
  level0_runs_.clear();
  for (const TablePtr& table : level0_) {
    level0_runs_.push_back(std::make_shared<const Run>(std::vector<TablePtr>{table}, order_));
  }
  AMETHYST_ASSERT(level0_runs_.size() == level0_.size());
}

std::vector<TablePtr> Version::Overlapping(key::Level level, std::optional<std::string_view> begin,
                                           std::optional<std::string_view> end) const {
  std::vector<TablePtr> overlapping;
  const std::span<const TablePtr> all = tables(level);
  for (size_t i = level > 0 && begin ? run(level).LowerBound(*begin) : 0; i < all.size(); ++i) {
    const sstable::TableInfo& info = all[i]->info();
    const bool ends_before = begin && order_.Less(info.largest, *begin);
    const bool begins_after = end && order_.Less(*end, info.smallest);
    if (begins_after && level > 0) break;
    if (!ends_before && !begins_after) overlapping.push_back(all[i]);
  }
  return overlapping;
}

std::vector<RunPtr> Version::runs() const {
  AMETHYST_DCHECK(runs_[0]->tables().empty() && level0_runs_.size() == level0_.size());
  std::vector<RunPtr> runs = level0_runs_;
  for (const RunPtr& run : runs_) {
    if (!run->tables().empty()) runs.push_back(run);
  }
  return runs;
}

void AppendCursors(const Version& version, const sstable::CursorOptions& options,
                   std::vector<std::unique_ptr<key::Cursor>>* cursors) {
  for (const RunPtr& run : version.runs()) cursors->push_back(NewRunCursor(run, version.order(), options));
}

}  // namespace amethyst::tree
