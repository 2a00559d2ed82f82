#include "page/history.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace amethyst::page {

namespace {

size_t BytesOf(const tree::VersionEdit& edit) {
  size_t bytes = sizeof(TimedEdit) + edit.removed.size() * sizeof(tree::RemovedTable);
  for (const tree::AddedTable& table : edit.added) {
    bytes += sizeof(table) + table.info.smallest.size() + table.info.largest.size();
  }
  return bytes;
}

using Places = std::set<std::pair<key::Level, key::FileNumber>>;

Places PlacesOf(const inspect::ManifestState& state) {
  Places places;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::AddedTable& table : state.levels[level]) places.emplace(level, table.number);
  }
  return places;
}

// What an edit adds and removes of the tables that are shown; those of a family that it drops go, too.
tree::VersionEdit ShownOf(const inspect::ManifestState& before, const tree::VersionEdit& edit) {
  tree::VersionEdit shown;
  for (const tree::AddedTable& table : edit.added) {
    if (!table.holds_tombstones && table.level < key::kLevels) shown.added.push_back(table);
  }
  for (const tree::RemovedTable& removed : edit.removed) {
    const bool holds_tombstones = std::ranges::find(before.range_tombstones, removed.number,
                                                    &tree::AddedTable::number) != before.range_tombstones.end();
    if (!holds_tombstones) shown.removed.push_back(removed);
  }
  for (key::Level level = 0; level < key::kLevels && !edit.dropped_families.empty(); ++level) {
    for (const tree::AddedTable& table : before.levels[level]) {
      if (std::ranges::find(edit.dropped_families, table.family) == edit.dropped_families.end()) continue;
      shown.removed.push_back({.level = level, .number = table.number, .family = table.family});
    }
  }
  return shown;
}

tree::VersionEdit DifferenceOf(const inspect::ManifestState& before, const inspect::ManifestState& after) {
  const Places old_places = PlacesOf(before);
  const Places new_places = PlacesOf(after);
  tree::VersionEdit difference;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::AddedTable& table : before.levels[level]) {
      if (new_places.contains({level, table.number})) continue;
      difference.removed.push_back({.level = level, .number = table.number, .family = table.family});
    }
    for (const tree::AddedTable& table : after.levels[level]) {
      if (!old_places.contains({level, table.number})) difference.added.push_back(table);
    }
  }
  // An edit has the oldest of level 0 first, a state the newest.
  std::ranges::sort(difference.added, {}, [](const tree::AddedTable& table) {
    return std::tuple(table.level, key::Raw(table.info.largest_sequence), key::Raw(table.number));
  });
  return difference;
}

}  // namespace

const TimedEdit* History::Keep(tree::VersionEdit shown, uint64_t time_ms) {
  if (shown.added.empty() && shown.removed.empty()) return nullptr;
  bytes_ += BytesOf(shown);
  edits_.push_back({.number = ++last_, .time_ms = time_ms, .edit = std::move(shown)});
  while (edits_.size() > 1 && (edits_.size() > limits_.edits || bytes_ > limits_.bytes)) {
    bytes_ -= BytesOf(edits_.front().edit);
    base_.Apply(edits_.front().edit);
    edits_.pop_front();
  }
  return &edits_.back();
}

const TimedEdit* History::Apply(const tree::VersionEdit& edit, uint64_t time_ms) {
  tree::VersionEdit shown = ShownOf(now_, edit);
  now_.Apply(edit);
  if (!std::exchange(begun_, true)) {  // The first record of a manifest is no change, but what there was.
    base_ = now_;
    return nullptr;
  }
  return Keep(std::move(shown), time_ms);
}

const TimedEdit* History::Replace(inspect::ManifestState state, uint64_t time_ms) {
  tree::VersionEdit difference = DifferenceOf(now_, state);
  now_ = std::move(state);
  if (!std::exchange(begun_, true)) {
    base_ = now_;
    return nullptr;
  }
  return Keep(std::move(difference), time_ms);
}

}  // namespace amethyst::page
