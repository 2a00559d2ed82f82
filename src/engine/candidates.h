// Where a key may be, in the order in which a point read asks. Thread safety: pure functions of a view.
#pragma once

#include <string_view>

#include "engine/view.h"
#include "key/lookup_key.h"

namespace amethyst::engine {

// The memtables, newest first; calls `visit` for each until it returns true, and says whether it did.
template <typename Visit>
bool AnyMemtable(const View& view, Visit visit) {
  if (visit(view.active)) return true;
  for (const WriteBufferPtr& buffer : view.immutable) {
    if (visit(buffer)) return true;
  }
  return false;
}
// The same, with the reader's own before all.
template <typename Visit>
bool AnyMemtable(const FamilyView& family, Visit visit) {
  return (family.own != nullptr && visit(family.own->buffer)) || AnyMemtable(family.view, visit);
}

// The sequence number below which range deletes in this one source hide the key from the read; 0: none does.
[[nodiscard]] inline key::SequenceNumber CoveringIn(const memtable::Memtable& memtable, key::FamilyId family,
                                                    const key::LookupKey& lookup) {
  const memtable::RangeDeletes* const deletes = memtable.RangeDeletesOf(family);
  if (deletes == nullptr) return {};
  return deletes->Covering(lookup.key, lookup.read.LastSeenBeside(memtable.first_sequence()));
}
[[nodiscard]] inline key::SequenceNumber CoveringIn(const tree::Version& version, const key::LookupKey& lookup) {
  const key::RangeTombstones* const tombstones = version.tombstones().get();
  return tombstones == nullptr ? key::SequenceNumber{} : tombstones->Covering(lookup.key, lookup.read.visible);
}

// The tables that may hold the key, newest first: all of level 0, then one a level; calls `visit` for each until it
// returns true.
template <typename Visit>
void ForEachCandidate(const tree::Version& version, std::string_view key, Visit visit) {
  const key::Order& order = version.order();
  for (const tree::TablePtr& table : version.level0()) {
    if (order.Less(key, table->info().smallest) || order.Less(table->info().largest, key)) continue;
    if (visit(*table)) return;
  }
  for (key::Level level = 1; level < key::kLevels; ++level) {
    const tree::Run& run = version.run(level);
    if (run.tables().empty()) continue;
    const tree::Table* table = run.Find(key);
    if (table != nullptr && visit(*table)) return;
  }
}

}  // namespace amethyst::engine
