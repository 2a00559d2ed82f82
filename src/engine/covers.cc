#include "engine/covers.h"

#include <algorithm>

#include "engine/candidates.h"

namespace amethyst::engine {

Covers::Covers(const FamilyView& family, key::ReadPoint read)
    : order_(family.version.order()), visible_(read.visible), tombstones_(family.version.tombstones().get()) {
  AnyMemtable(family.view, [&](const WriteBufferPtr& buffer) {
    const memtable::RangeDeletes* const deletes = buffer->memtable.RangeDeletesOf(family.id);
    if (deletes != nullptr && read.Sees(buffer->memtable.first_sequence())) memtables_.push_back(deletes);
    return false;
  });
  empty_ = memtables_.empty() && tombstones_ == nullptr;
}

key::Cover Covers::Ask(std::string_view key) const {
  key::Cover cover;
  if (tombstones_ != nullptr) cover = tombstones_->At(key, visible_);
  for (const memtable::RangeDeletes* const deletes : memtables_) {
    const key::Cover one = deletes->At(key, visible_);
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
