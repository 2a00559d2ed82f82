#include "engine/covers.h"

#include <algorithm>

#include "engine/candidates.h"

namespace amethyst::engine {

Covers::Covers(const FamilyView& family, key::ReadPoint read)
    : order_(family.version.order()), visible_(read.visible), tombstones_(family.version.tombstones().get()) {
  AnyMemtable(family, [&](const WriteBufferPtr& buffer) {
    const memtable::RangeDeletes* const deletes = buffer->memtable.RangeDeletesOf(family.id);
    const key::SequenceNumber first = buffer->memtable.first_sequence();
    if (deletes != nullptr && read.Sees(first)) memtables_.push_back({deletes, read.LastSeenBeside(first)});
    return false;
  });
  empty_ = memtables_.empty() && tombstones_ == nullptr;
}

key::Cover Covers::Ask(std::string_view key) const {
  key::Cover cover;
  if (tombstones_ != nullptr) cover = tombstones_->At(key, visible_);
  for (const OfMemtable& memtable : memtables_) {
    const key::Cover one = memtable.deletes->At(key, memtable.visible);
    cover.sequence = std::max(cover.sequence, one.sequence);
    cover.stretch.Narrow(one.stretch, order_);
  }
  return cover;
}

key::Cover Covers::Find(std::string_view key) {
  has_cover_ = true;
  return Ask(key);
}

key::Cover Covers::WidestAt(std::string_view key, bool forward) {
  constexpr int kStepsMax = 100;
  key::Cover widest = At(key);
  for (int step = 0; forward && step < kStepsMax && widest.stretch.end; ++step) {
    const key::Cover next = Ask(*widest.stretch.end);
    if (next.sequence < widest.sequence) break;
    widest.stretch.end = next.stretch.end;
  }
  return widest;
}

}  // namespace amethyst::engine
