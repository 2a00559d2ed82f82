#include "inspect/tree_report.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "catalog/census.h"
#include "catalog/foreign.h"
#include "tree/file_names.h"

namespace amethyst::inspect {

namespace {

bool IsListed(const ManifestState& state, key::FileNumber number) {
  const auto lists = [number](const std::vector<tree::AddedTable>& tables) {
    return std::ranges::find(tables, number, &tree::AddedTable::number) != tables.end();
  };
  return std::ranges::any_of(state.levels, lists) || lists(state.range_tombstones);
}

Result<SegmentFile> ReadSegmentFile(io::FileSystem& files, const std::string& path, key::FileNumber number,
                                    const ManifestState& state) {
  AMETHYST_ASSIGN(const auto file, files.Open(path));
  SegmentFile segment{.number = number, .needed = number >= state.first_log_segment, .summary = {}};
  AMETHYST_ASSIGN(segment.file_bytes, file->Size());
  AMETHYST_ASSIGN(segment.summary, wal::ReadSegment(*file, [&](const wal::SegmentRecord& record) {
                    segment.entries += record.count;
                    if (record.first > state.flushed_sequence) segment.unflushed_entries += record.count;
                  }));
  return segment;
}

void ReadTree(io::FileSystem& files, const std::string& directory, TreeReport* report) {
  const auto current = catalog::ReadCurrent(files, directory);
  if (!current) {
    report->problems.push_back(current.error().message());
    return;
  }
  report->manifest = *current;
  const auto manifest = catalog::ReadManifest(files, directory, *current, [&](const tree::VersionEdit& edit) -> Status {
    report->state.Apply(edit);
    return {};
  });
  if (manifest) {
    report->manifest_report = *manifest;
  } else {
    report->problems.push_back(manifest.error().message());
  }
}

}  // namespace

key::FileNumber ManifestState::FirstKeptSegment() const {
  key::FileNumber first = first_log_segment;
  for (const auto& [name, cursor] : cursors) {
    if (cursor.state == tree::FeedCursor::State::kAtPlace) first = std::min(first, cursor.place.segment);
  }
  return first;
}

void ManifestState::Apply(const tree::VersionEdit& edit) {
  database_uid = edit.database_uid.value_or(database_uid);
  if (!edit.ancestors.empty()) ancestors = edit.ancestors;
  comparator_name = edit.comparator_name.value_or(comparator_name);
  merge_operator_name = edit.merge_operator_name.value_or(merge_operator_name);
  flushed_sequence = std::max(flushed_sequence, edit.flushed_sequence.value_or(flushed_sequence));
  last_sequence = std::max(last_sequence, edit.last_sequence.value_or(last_sequence));
  const key::FileNumber first = std::max(first_log_segment, edit.first_log_segment.value_or(first_log_segment));
  const bool log_stays_empty =
      clean_log_end && clean_log_end->segment < first_log_segment && first == first_log_segment;
  if (edit.clean_log_end || !log_stays_empty) clean_log_end = edit.clean_log_end;
  first_log_segment = first;
  next_file_number = std::max(next_file_number, edit.next_file_number.value_or(next_file_number));
  for (const tree::FamilyDescription& family : edit.families) {
    next_family_id = std::max(next_family_id, key::FamilyId{key::Raw(family.id) + 1});
    families.insert_or_assign(family.id, family);
  }
  next_family_id = std::max(next_family_id, edit.next_family_id.value_or(next_family_id));
  for (const tree::FeedCursor& cursor : edit.cursors) cursors.insert_or_assign(cursor.name, cursor);
  for (const tree::RemovedTable& removed : edit.removed) {
    if (removed.level >= key::kLevels) continue;
    const auto is_it = [&](const tree::AddedTable& table) { return table.number == removed.number; };
    std::erase_if(levels[removed.level], is_it);
    std::erase_if(range_tombstones, is_it);
  }
  for (const tree::AddedTable& added : edit.added) {
    if (added.level >= key::kLevels) continue;
    if (added.holds_tombstones) {
      range_tombstones.push_back(added);
      last_sequence = std::max(last_sequence, added.info.largest_sequence);
      continue;
    }
    auto& tables = levels[added.level];
    const auto place = added.level == 0
                           ? tables.begin()
                           : std::ranges::lower_bound(tables, added.info.smallest, {}, [](const auto& table) {
                               return std::string_view(table.info.smallest);
                             });
    tables.insert(place, added);
    last_sequence = std::max(last_sequence, added.info.largest_sequence);
  }
  for (const key::FamilyId dropped : edit.dropped_families) {
    families.erase(dropped);
    const auto is_of_it = [&](const tree::AddedTable& table) { return table.family == dropped; };
    for (auto& tables : levels) std::erase_if(tables, is_of_it);
    std::erase_if(range_tombstones, is_of_it);
  }
}

Result<TreeReport> InspectTree(io::FileSystem& files, const std::string& directory) {
  AMETHYST_ASSIGN(const bool exists, files.Exists(directory));
  if (!exists) return base::InvalidArgument("{}: there is no database here: no such directory", directory);
  AMETHYST_TRY(catalog::CheckNotForeign(files, directory));
  AMETHYST_ASSIGN(const std::vector<std::string> names, files.List(directory));
  TreeReport report;
  const bool any_ours = std::ranges::any_of(names, [](const std::string& name) {
    const auto parsed = tree::ParseFileName(name);
    return parsed && parsed->type != tree::FileType::kLock && parsed->type != tree::FileType::kReaders &&
           parsed->type != tree::FileType::kStats;
  });
  if (!any_ours) return base::InvalidArgument("{}: there is no database here: none of its files", directory);
  ReadTree(files, directory, &report);
  for (const std::string& name : names) {
    const auto parsed = tree::ParseFileName(name);
    if (!parsed) {
      report.foreign.push_back(name);
      continue;
    }
    const bool leftover =
        parsed->type == tree::FileType::kTemporary ||
        (parsed->type == tree::FileType::kTable && !IsListed(report.state, parsed->number)) ||
        (parsed->type == tree::FileType::kManifest && parsed->number != report.manifest) ||
        (parsed->type == tree::FileType::kLogSegment && parsed->number < report.state.FirstKeptSegment());
    std::string what;
    if (leftover && report.state.database_uid != base::Uid{} &&
        !catalog::IsProven(files, io::JoinPath(directory, name), *parsed,
                           {.database_uid = report.state.database_uid, .ancestors = report.state.ancestors}, &what)) {
      report.foreign.push_back(name);
      continue;
    }
    if (leftover) report.leftovers.push_back(name);
    if (parsed->type != tree::FileType::kLogSegment) continue;
    auto segment = ReadSegmentFile(files, io::JoinPath(directory, name), parsed->number, report.state);
    if (segment) {
      report.segments.push_back(*std::move(segment));
    } else {
      report.problems.push_back(segment.error().message());
    }
  }
  std::ranges::sort(report.segments, {}, &SegmentFile::number);
  return report;
}

}  // namespace amethyst::inspect
