#include "engine/covers.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/candidates.h"

namespace amethyst::engine {

Covers::Covers(const FamilyView& family, key::ReadPoint read)
    : order_(family.version.order()), visible_(read.visible), tombstones_(family.version.tombstones().get()) {
  AnyMemtable(family, [&](const WriteBufferPtr& buffer) {
    const memtable::RangeDeletes* const deletes = buffer->memtable.RangeDeletesOf(family.id);
    const key::SequenceNumber first = buffer->memtable.first_sequence();
    if (deletes != nullptr && read.Sees(first)) deletes->AppendSeen(read.LastSeenBeside(first), &memtables_);
    return false;
  });
  empty_ = memtables_.empty() && tombstones_ == nullptr;
}

void Covers::Find(std::string_view key) {
  cover_ = tombstones_ == nullptr ? key::Cover() : tombstones_->At(key, visible_);
  for (const key::RangeTombstones* const list : memtables_) {
    const key::Cover one = list->At(key, key::kSequenceMax);
    cover_.sequence = std::max(cover_.sequence, one.sequence);
    cover_.stretch.Narrow(one.stretch, order_);
  }
  has_cover_ = true;
}

bool Covers::IsFarther(const key::Reach& a, const key::Reach& b, bool forward) const {
  if (!a.edge || !b.edge) return !a.edge && b.edge;
  return forward ? order_.Less(*b.edge, *a.edge) : order_.Less(*a.edge, *b.edge);
}

// From list to list: as far as one of them goes on, then as far as another does from there. A list is asked again only
// where it may have something to say.
key::Cover Covers::WidestAt(std::string_view key, bool forward, key::SequenceNumber at_least) {
  constexpr int kStepsMax = 100;
  key::Cover widest = At(key);
  AMETHYST_DCHECK(key::SequenceNumber{} < at_least && at_least <= widest.sequence);
  const key::CoveredWay in_tables{.forward = forward, .at_least = at_least, .visible = visible_};
  const key::CoveredWay in_memtables{.forward = forward, .at_least = at_least, .visible = key::kSequenceMax};
  key::Reach reached{.least = widest.sequence, .edge = key};
  std::vector<key::Reach> reaches(memtables_.size() + (tombstones_ == nullptr ? 0 : 1));  // What each has said last.
  for (int step = 0; step < kStepsMax && reached.edge; ++step) {
    key::Reach farthest;
    for (size_t i = 0; i < reaches.size(); ++i) {
      key::Reach& reach = reaches[i];
      const bool is_memtable = i < memtables_.size();
      const key::RangeTombstones& list = is_memtable ? *memtables_[i] : *tombstones_;
      const key::CoveredWay& way = is_memtable ? in_memtables : in_tables;
      if (step > 0 && IsFarther(reach, reached, forward)) continue;  // It covers nothing before its edge.
      const bool from_key = forward || step == 0;
      reach = from_key ? list.ReachFrom(*reached.edge, way) : list.ReachBefore(*reached.edge, way);
      const bool covers = reach.least != key::SequenceNumber{};
      if (covers && (farthest.least == key::SequenceNumber{} || IsFarther(reach, farthest, forward))) farthest = reach;
    }
    if (farthest.least == key::SequenceNumber{}) break;
    widest.sequence = std::min(widest.sequence, farthest.least);
    reached = farthest;
  }
  (forward ? widest.stretch.end : widest.stretch.begin) = reached.edge;
  return widest;
}

}  // namespace amethyst::engine
