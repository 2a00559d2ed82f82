#include "engine/deletes_at_rest.h"

namespace amethyst::engine {

namespace {

constexpr std::chrono::seconds kRestTime{2};

}  // namespace

bool DeletesAtRest::Weigh(const View& view) {
  const uint64_t deletes = view.active->memtable.delete_count();
  if (deletes == 0) return false;
  uint64_t entries = 0;
  for (const tree::FamilyTree& tree : view.forest->families()) {
    tree.version->ForEachTable(
        [&entries](key::Level, const tree::TablePtr& table) { entries += table->info().entries; });
  }
  return entries > 0 && (deletes >= entries / 2 || view.active->memtable.HasRangeDeletes());
}

bool DeletesAtRest::AreDue(const View& view, std::chrono::nanoseconds now) {
  const key::SequenceNumber last = view.active->memtable.last_sequence();
  if (last != last_) {
    last_ = last;
    since_ = now;
  }
  return now >= since_ + kRestTime && Weigh(view);
}

}  // namespace amethyst::engine
