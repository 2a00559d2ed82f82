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
    if (!has_cover_ || !cover_.stretch.Holds(key, order_)) cover_ = Find(key);
    return cover_;
  }
  // As At, with a stretch that goes on, forward or back, as long as everything is hidden that is hidden at `key`.
  [[nodiscard]] key::Cover WidestAt(std::string_view key, bool forward);

 private:
  [[nodiscard]] key::Cover Find(std::string_view key);
  [[nodiscard]] key::Cover Ask(std::string_view key) const;

  key::Order order_{};
  struct OfMemtable {
    const memtable::RangeDeletes* deletes;
    key::SequenceNumber visible;
  };

  key::SequenceNumber visible_{};
  std::vector<OfMemtable> memtables_;
  const key::RangeTombstones* tombstones_ = nullptr;
  key::Cover cover_;
  bool has_cover_ = false;
  bool empty_ = true;
};

}  // namespace amethyst::engine
