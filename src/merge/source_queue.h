// The sources of a merge that still have entries, sorted: the winner first, then the runner-up.
//
// A sorted array, for a merge has few sources (levels, tables of level 0, memtables): the runner-up is known without a
// comparison, and a moved winner finds its place in log k of them and a short move. Most comparisons are of RANKS:
// integers that never contradict the order of the keys. Under the bytewise order that is the head after a focus, a
// prefix that the sources' keys share of late; keys outside the focus rank at the ends. Equal ranks decide nothing.
// When too many ranks tie, the focus follows the keys. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "key/cursor.h"
#include "key/order.h"

namespace amethyst::merge {

enum class Direction : uint8_t { kForward, kBackward };

class SourceQueue {
 public:
  explicit SourceQueue(key::Order order) : order_(order) {}

  // Empties the queue, which then sorts in `direction`.
  void Reset(Direction direction);
  // Adds a valid cursor; Sort before anything else is asked. `index` names the source and decides between equal
  // entries.
  void Add(key::Cursor* cursor, uint32_t index) { items_.push_back({RankOf(cursor->entry().key()), cursor, index}); }
  void Sort();

  [[nodiscard]] size_t size() const { return items_.size(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] Direction direction() const { return direction_; }
  [[nodiscard]] key::Cursor& winner() const { return *items_[0].cursor; }
  [[nodiscard]] uint32_t winner_index() const { return items_[0].index; }
  [[nodiscard]] const key::Entry& runner_up() const {
    AMETHYST_DCHECK(size() > 1);
    return items_[1].cursor->entry();
  }
  // Whether winner and runner-up show the same key.
  [[nodiscard]] bool TopKeysEqual() const {
    return size() > 1 && items_[0].rank == items_[1].rank &&
           order_.Compare(winner().entry().key(), runner_up().key()) == 0;
  }

  // The winner has moved, to another entry or off its end.
  void WinnerMoved();

 private:
  struct Item {
    uint64_t rank;
    key::Cursor* cursor;
    uint32_t index;
  };

  // Monotone in the key's place in the queue's direction, whatever the focus.
  [[nodiscard]] uint64_t RankOf(std::string_view key) const;
  [[nodiscard]] bool Before(const Item& a, const Item& b);
  void Refocus();

  static constexpr uint32_t kTiesMax = 16;  // Between two refocusings, so that their cost disappears.

  key::Order order_;
  Direction direction_ = Direction::kForward;
  std::vector<Item> items_;
  std::string focus_;
  uint32_t ties_ = 0;  // Comparisons that ranks did not decide, since the last refocusing.
};

}  // namespace amethyst::merge
