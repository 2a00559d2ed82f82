#include "compaction/covered.h"

#include <algorithm>

namespace amethyst::compaction {

namespace {

// Whether a range delete may hide an entry of the table.
bool HidesIn(const sstable::TableInfo& info, const key::Range& range, key::SequenceNumber sequence,
             const key::Order& order) {
  return !info.IsCleanOf(sequence) && !range.BeginsAfter(info.largest, order) &&
         !range.EndsAtOrBefore(info.smallest, order);
}

bool HidesInVersion(const key::Range& range, key::SequenceNumber sequence, const tree::Version& version) {
  for (key::Level level = 0; level < key::kLevels; ++level) {
    const std::span<const tree::TablePtr> tables = version.tables(level);
    size_t at = level > 0 && range.begin ? version.run(level).LowerBound(*range.begin) : 0;
    for (; at < tables.size(); ++at) {
      const sstable::TableInfo& info = tables[at]->info();
      if (level > 0 && range.EndsAtOrBefore(info.smallest, version.order())) break;
      if (HidesIn(info, range, sequence, version.order())) return true;
    }
  }
  return false;
}

}  // namespace

bool IsCovered(const TreeShape& shape, const TableShape& table, key::SequenceNumber oldest_snapshot) {
  const sstable::TableInfo& info = *table.info;
  return shape.tombstones != nullptr &&
         shape.tombstones->CoverAll(info.smallest, info.largest, info.largest_sequence, oldest_snapshot);
}

bool MayHoldCovered(const TreeShape& shape, const TableShape& table, key::SequenceNumber oldest_snapshot) {
  if (shape.tombstones == nullptr) return false;
  const sstable::TableInfo& info = *table.info;
  const auto overlapping = shape.tombstones->Overlapping(info.smallest, info.largest);
  return std::ranges::any_of(overlapping, [&](const key::RangeTombstones::Fragment& fragment) {
    const key::SequenceNumber newest = shape.tombstones->NewestOf(fragment, oldest_snapshot);
    return newest != key::SequenceNumber{} && !info.IsCleanOf(newest);
  });
}

key::SequenceNumber CleanThrough(const key::RangeTombstones* tombstones,
                                 std::span<const key::SequenceNumber> snapshots) {
  if (tombstones == nullptr) return {};
  return snapshots.empty() ? tombstones->newest() : std::min(tombstones->newest(), snapshots.front());
}

bool IsNeeded(const key::RangeTombstones& tombstones, const tree::Version& version) {
  return std::ranges::any_of(tombstones.fragments(), [&](const key::RangeTombstones::Fragment& fragment) {
    return HidesInVersion(fragment.range, tombstones.SequencesOf(fragment).front(), version);
  });
}

key::RangeTombstones StillNeeded(const key::RangeTombstones& tombstones, const tree::Version& version,
                                 std::span<const tree::AddedTable> added) {
  return tombstones.Filtered([&](const key::RangeTombstones::Fragment& fragment) {
    const key::SequenceNumber newest = tombstones.SequencesOf(fragment).front();
    return HidesInVersion(fragment.range, newest, version) ||
           std::ranges::any_of(added, [&](const tree::AddedTable& table) {
             return HidesIn(table.info, fragment.range, newest, version.order());
           });
  });
}

}  // namespace amethyst::compaction
