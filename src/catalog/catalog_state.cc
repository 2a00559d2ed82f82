#include "catalog/catalog_state.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::catalog {

Result<CatalogState> CatalogState::After(const tree::VersionEdit& edit, tree::Forest::MakeTable make_table) const {
  CatalogState next = WithNumbersOf(edit);
  AMETHYST_ASSIGN(next.forest, forest->Apply(edit, make_table));
  return next;
}

CatalogState CatalogState::WithNumbersOf(const tree::VersionEdit& edit) const {
  CatalogState next = *this;
  next.database_uid = edit.database_uid.value_or(database_uid);
  next.comparator_name = edit.comparator_name.value_or(comparator_name);
  if (!edit.ancestors.empty()) next.ancestors = edit.ancestors;
  next.flushed_sequence = std::max(flushed_sequence, edit.flushed_sequence.value_or(flushed_sequence));
  next.last_sequence = std::max({last_sequence, next.flushed_sequence, edit.last_sequence.value_or(last_sequence)});
  next.first_log_segment = std::max(first_log_segment, edit.first_log_segment.value_or(first_log_segment));
  next.next_file_number = std::max(next_file_number, edit.next_file_number.value_or(next_file_number));
  for (const tree::AddedTable& added : edit.added) {
    next.last_sequence = std::max(next.last_sequence, added.info.largest_sequence);
    next.next_file_number = std::max(next.next_file_number, key::FileNumber{key::Raw(added.number) + 1});
  }
  // I12
  AMETHYST_ASSERT(next.flushed_sequence >= flushed_sequence && next.flushed_sequence <= next.last_sequence);
  AMETHYST_ASSERT(next.last_sequence >= last_sequence);
  AMETHYST_ASSERT(next.first_log_segment >= first_log_segment);
  AMETHYST_ASSERT(next.next_file_number >= next_file_number);
  if (edit.delete_time && (!delete_time || edit.delete_time->seconds >= delete_time->seconds)) {
    next.delete_time = edit.delete_time;
  }
  AMETHYST_ASSERT(!delete_time || next.delete_time->seconds >= delete_time->seconds);
  if (edit.oldest_delete_s) next.oldest_delete_s = edit.oldest_delete_s;
  next.read_time_ms = std::max(read_time_ms, edit.read_time_ms);
  if (edit.merge_operator_name) next.merge_operator_name = edit.merge_operator_name;
  if (edit.applied && (!applied || edit.applied->index >= applied->index)) next.applied = edit.applied;
  for (const tree::FeedCursor& cursor : edit.cursors) {
    if (cursor.state == tree::FeedCursor::State::kDropped) {
      next.cursors.erase(cursor.name);
    } else {
      next.cursors.insert_or_assign(cursor.name, cursor);
      // Its reader was told of all up to there, those past the log included: none of them comes again.
      next.last_sequence = std::max(next.last_sequence, cursor.place.last_sequence);
    }
  }
  const bool stays_empty = log_is_empty() && next.first_log_segment == first_log_segment;
  if (edit.clean_log_end || !stays_empty) next.clean_log_end = edit.clean_log_end;
  return next;
}

tree::VersionEdit CatalogState::Snapshot() const {
  AMETHYST_ASSERT(forest != nullptr && flushed_sequence <= last_sequence);
  tree::VersionEdit edit;
  for (const tree::FamilyTree& tree : forest->families()) {
    const key::FamilyId family = tree.family->id;
    if (family != key::kDefaultFamily) edit.families.push_back(*tree.family);
    AMETHYST_ASSERT(tree.version != nullptr);  // The catalog refuses to open without the order.
    for (key::Level level = 0; level < key::kLevels; ++level) {
      const auto first = static_cast<std::ptrdiff_t>(edit.added.size());
      for (const tree::TablePtr& table : tree.version->tables(level)) {
        edit.added.push_back({.level = level, .number = table->number(), .info = table->info(), .family = family});
      }
      if (level == 0) std::reverse(edit.added.begin() + first, edit.added.end());  // Oldest first.
    }
    if (const tree::TablePtr& table = tree.version->tombstone_table(); table != nullptr) {
      edit.added.push_back(
          {.level = 0, .number = table->number(), .info = table->info(), .family = family, .holds_tombstones = true});
    }
  }
  // Nothing is said of families in a database that never had any.
  if (forest->next_family_id() != key::FamilyId{1}) edit.next_family_id = forest->next_family_id();
  edit.flushed_sequence = flushed_sequence;
  edit.first_log_segment = first_log_segment;
  edit.next_file_number = next_file_number;
  edit.last_sequence = last_sequence;
  edit.delete_time = delete_time;
  edit.oldest_delete_s = oldest_delete_s;
  edit.read_time_ms = read_time_ms;
  edit.merge_operator_name = merge_operator_name;
  edit.applied = applied;
  for (const auto& [name, cursor] : cursors) edit.cursors.push_back(cursor);
  edit.clean_log_end = clean_log_end;
  edit.database_uid = database_uid;
  edit.comparator_name = comparator_name;
  edit.ancestors = ancestors;
  return edit;
}

}  // namespace amethyst::catalog
