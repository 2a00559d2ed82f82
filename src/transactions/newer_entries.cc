#include "transactions/newer_entries.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "engine/candidates.h"
#include "engine/family.h"

namespace amethyst::transactions {

namespace {

using engine::SeenRange;

// Whether a key of `range` is in `keys`; both hold keys.
bool Overlap(const key::Range& range, const SeenRange& keys, const key::Order& order) {
  if (range.end && keys.begin && order.Compare(*range.end, *keys.begin) <= 0) return false;
  if (!range.begin || !keys.end) return true;
  const int comparison = order.Compare(*range.begin, *keys.end);
  return comparison < 0 || (comparison == 0 && keys.holds_end);
}

bool IsBehind(std::string_view key, const SeenRange& keys, const key::Order& order) {
  if (!keys.end) return false;
  const int comparison = order.Compare(key, *keys.end);
  return comparison > 0 || (comparison == 0 && !keys.holds_end);
}

}  // namespace

NewerEntries::NewerEntries(const engine::View& view, key::SequenceNumber since, key::SequenceNumber until, Mark mark)
    : view_(view), since_(since), until_(until), mark_(std::move(mark)) {
  engine::AnyMemtable(view, [this](const engine::WriteBufferPtr& buffer) {
    if (buffer->Empty()) return false;
    if (buffer->last_sequence() > since_) memtables_.push_back(buffer);
    return are_in_memory_ = buffer->first_sequence() <= since_ + 1;
  });
}

Result<bool> NewerEntries::HaveChanged(const ReadSet::Point& point) const {
  const tree::Version* const version = engine::VersionOf(view_, {.id = point.family});
  if (version == nullptr) return engine::FamilyDropped();
  const key::LookupKey lookup(point.key, until_);
  std::optional<key::Tag> newest;
  key::SequenceNumber covered{};  // Entries below it are gone.
  for (const engine::WriteBufferPtr& buffer : memtables_) {
    if (buffer->ingested != nullptr && buffer->last_sequence() <= until_) {
      const auto spans = [](const tree::Table& /*table*/) { return true; };
      if (buffer->ingested->AnyCandidate(point.family, point.key, spans)) return true;
    }
    covered = std::max(covered, engine::CoveringIn(buffer->memtable, point.family, lookup));
    if (const auto version_found = buffer->memtable.Get(point.family, lookup)) newest = version_found->tag;
    if (newest) break;
  }
  if (!are_in_memory_) {
    covered = std::max(covered, engine::CoveringIn(*version, lookup));
    Status status;
    const auto look = [&](const tree::Table& table) -> Result<bool> {
      if (table.info().largest_sequence <= since_) return false;
      AMETHYST_ASSIGN(const sstable::TableReader* const reader, table.Open());
      AMETHYST_ASSIGN(const sstable::PinnedLookup found, reader->Find(lookup, true));
      if (found.lookup.state == sstable::LookupState::kFound) newest = found.lookup.tag;
      return newest.has_value();
    };
    if (!newest) {
      engine::ForEachCandidate(*version, point.key, [&](const tree::Table& table) {
        const Result<bool> found = look(table);
        if (!found) status = std::unexpected(found.error());
        return !found || *found;
      });
    }
    AMETHYST_TRY(std::move(status));
  }
  const bool is_deleted = covered > since_ && (!newest || newest->sequence() < covered);
  if (is_deleted) return !point.was_absent;
  if (!newest || newest->sequence() <= since_) return false;
  return key::IsLive(newest->kind()) || !point.was_absent;
}

// Passes what is older in whole subtrees, where there is much of it: up to the last key, whose versions are newest
// first.
Result<bool> NewerEntries::HasNewer(key::Cursor& cursor, const SeenRange& keys, const key::Order& order) const {
  constexpr uint32_t kOlderBeforeSkip = 32;
  const key::Cover older{.sequence = since_ + 1, .stretch = {.begin = {}, .end = keys.end}};
  keys.begin ? cursor.Seek(*keys.begin) : cursor.SeekToFirst();
  for (uint32_t passed = 1; cursor.Valid() && !IsBehind(cursor.entry().key(), keys, order); ++passed) {
    const key::SequenceNumber sequence = cursor.entry().tag.sequence();
    if (IsNewer(sequence)) return true;
    const bool at_last = keys.end && order.Compare(cursor.entry().key(), *keys.end) == 0;
    if (at_last && sequence <= since_) return false;
    if (at_last || passed % kOlderBeforeSkip != 0 || !cursor.SkipCovered(older, true)) cursor.Next();
  }
  AMETHYST_TRY(cursor.status());
  return false;
}

// Each range that was read is held against them, perhaps under the commit lock: all of them are gone through once.
const std::vector<key::RangeTombstone>& NewerEntries::NewerDeletes(const memtable::RangeDeletes& deletes) const {
  for (const Deletes& known : deletes_) {
    if (known.of == &deletes) return known.newer;
  }
  Deletes& found = deletes_.emplace_back(Deletes{.of = &deletes, .newer = {}});
  deletes.AppendTo(&found.newer);
  std::erase_if(found.newer, [this](const key::RangeTombstone& one) { return !IsNewer(one.sequence); });
  return found.newer;
}

bool NewerEntries::RangeDeletesReachInto(const memtable::Memtable& memtable, const ReadSet::Range& range,
                                         const key::Order& order) const {
  const memtable::RangeDeletes* const deletes = memtable.RangeDeletesOf(range.family);
  return deletes != nullptr && std::ranges::any_of(NewerDeletes(*deletes), [&](const key::RangeTombstone& tombstone) {
           return Overlap(tombstone.range, range.keys, order);
         });
}

// Tables that wait among the memtables are not read here, perhaps under the commit lock: their bounds must do.
bool NewerEntries::SpanSomeOf(const engine::IngestedTables& ingested, const ReadSet::Range& range,
                              const key::Order& order) {
  const std::vector<tree::RunPtr>* const runs = ingested.RunsOf(range.family);
  return runs != nullptr && std::ranges::any_of(*runs, [&](const tree::RunPtr& run) {
           const sstable::TableInfo& info = run->tables().front()->info();
           const bool ends_before = range.keys.begin && order.Less(info.largest, *range.keys.begin);
           return !ends_before && !IsBehind(info.smallest, range.keys, order);
         });
}

// A record does not tell its family: the memtable does.
bool NewerEntries::RecordsAreIn(const ReadSet::Range& range, const key::Order& order) const {
  const memtable::Memtable& memtable = mark_.buffer->memtable;
  return memtable.AnyEntryFrom(mark_.record, [&](std::string_view key, key::Tag tag) {
    if (!IsNewer(tag.sequence()) || IsBehind(key, range.keys, order)) return false;
    if (range.keys.begin && order.Less(key, *range.keys.begin)) return false;
    const auto newest = memtable.Get(range.family, key::LookupKey(key, until_));
    return newest && IsNewer(newest->tag.sequence());
  });
}

Result<bool> NewerEntries::HoldSomeOf(const ReadSet::Range& range) const {
  const tree::Version* const version = engine::VersionOf(view_, {.id = range.family});
  if (version == nullptr) return engine::FamilyDropped();
  const key::Order& order = version->order();
  for (const engine::WriteBufferPtr& buffer : memtables_) {
    if (buffer->ingested != nullptr && buffer->last_sequence() <= until_ &&
        SpanSomeOf(*buffer->ingested, range, order)) {
      return true;
    }
    if (RangeDeletesReachInto(buffer->memtable, range, order)) return true;
    if (mark_.buffer != nullptr && order.IsBytewise()) {  // A comparator is not to see keys of other families.
      if (RecordsAreIn(range, order)) return true;
      continue;
    }
    const auto cursor = memtable::Memtable::NewCursor(engine::MemtableOf(buffer), range.family);
    if (cursor == nullptr) continue;
    AMETHYST_ASSIGN(const bool has_newer, HasNewer(*cursor, range.keys, order));
    if (has_newer) return true;
  }
  return are_in_memory_ ? false : TablesHoldSomeOf(*version, range.keys);
}

Result<bool> NewerEntries::TablesHoldSomeOf(const tree::Version& version, const SeenRange& keys) const {
  const key::Order& order = version.order();
  if (const auto& tombstones = version.tombstones(); tombstones != nullptr && tombstones->newest() > since_) {
    for (const key::RangeTombstones::Fragment& fragment : tombstones->fragments()) {
      const bool is_newer = IsNewer(tombstones->NewestOf(fragment, until_));
      if (is_newer && Overlap(fragment.range, keys, order)) return true;
    }
  }
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::TablePtr& table : version.Overlapping(level, keys.begin, keys.end)) {
      if (table->info().largest_sequence <= since_) continue;
      AMETHYST_ASSIGN(const sstable::TableReader* const reader, table->Open());
      const std::unique_ptr<key::Cursor> cursor = reader->NewCursor({.fill_cache = true, .upper_bound = {}});
      AMETHYST_ASSIGN(const bool has_newer, HasNewer(*cursor, keys, order));
      if (has_newer) return true;
    }
  }
  return false;
}

}  // namespace amethyst::transactions
