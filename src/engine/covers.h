// What the range deletes of all sources hide from one iterator, at the key where it stands.
//
// The stretch of keys for which the last answer holds is kept, so that a walk asks the sources only where it ends.
// Thread safety: one thread at a time. Borrows from a view.
#pragma once

#include <string_view>
#include <vector>

#include "engine/view.h"
#include "key/range_tombstones.h"
#include "key/read_point.h"

namespace amethyst::engine {

class Covers {
 public:
  Covers() = default;
  // Those that `read` may see.
  Covers(const FamilyView& family, key::ReadPoint read);

  [[nodiscard]] bool empty() const { return empty_; }
  // Of which sources hide nothing from the read beyond the stretch. Not of an empty one.
  [[nodiscard]] const key::Cover& At(std::string_view key) {
    if (!has_cover_ || !cover_.stretch.Holds(key, order_)) Find(key);
    return cover_;
  }
  // As At says, mostly without a look at the bounds of its stretch.
  [[nodiscard]] bool Hides(std::string_view key, key::SequenceNumber entry) {
    return !IsInGap(key) && At(key).Hides(entry);
  }
  [[nodiscard]] bool HidesNothing(std::string_view key) {
    return IsInGap(key) || At(key).sequence == key::SequenceNumber{};
  }
  // Whether it is easily seen that nothing is hidden from the key that was asked for last to this one.
  [[nodiscard]] bool HidesNothingTo(std::string_view key) const {
    return is_in_gap_ && tombstones_->IsInGap(key, gap_);
  }
  // Of a key that is covered: a stretch that goes on, forward or back, as far as may be found, while all keys are
  // covered by numbers from `at_least` on, which the key's own is. Everything in it is hidden that is older than its
  // sequence.
  [[nodiscard]] key::Cover WidestAt(std::string_view key, bool forward, key::SequenceNumber at_least);

 private:
  void Find(std::string_view key);
  // Whether it is easily seen that nothing covers the key: by tables' range deletes, where memtables have none.
  [[nodiscard]] bool IsInGap(std::string_view key) {
    return is_in_gap_ = memtables_.empty() && (tombstones_->IsInGap(key, gap_) || tombstones_->FindGap(key, &gap_));
  }
  [[nodiscard]] bool IsFarther(const key::Reach& a, const key::Reach& b, bool forward) const;

  key::Order order_{};
  key::SequenceNumber visible_{};
  std::vector<const key::RangeTombstones*> memtables_;  // All that these hold is visible.
  const key::RangeTombstones* tombstones_ = nullptr;
  key::RangeHeads::Gap gap_;  // Of the tables' ones: where a key was last.
  key::Cover cover_;
  bool has_cover_ = false;
  bool is_in_gap_ = false;  // The key that was asked for last.
  bool empty_ = true;
};

}  // namespace amethyst::engine
