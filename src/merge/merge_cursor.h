// The k-way merge: many cursors shown as one, ordered by heads first.
//
// The winner's window is shown as it is up to the runner-up's key (found by a look at its second and its last entry,
// then galloping), so that long stretches from one source cost a logarithm of comparisons and are never copied. Entries
// of one key come out newest first over all sources going forward, oldest first going back. A stretch shown as plain
// holds no key that another source holds. If any source fails, the merge ends with its error: an error is never taken
// for the end of data.
//
// SkipDead passes on to the winner, up to the runner-up's key: a tombstone's older versions in other sources stay
// hidden. It relies on the source never to stop among the versions of a key whose newest it has passed.
// Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <vector>

#include "key/cursor.h"
#include "key/order.h"

namespace amethyst::merge {

// Takes over `sources`. With one source it returns that source itself.
[[nodiscard]] std::unique_ptr<key::Cursor> NewMergeCursor(std::vector<std::unique_ptr<key::Cursor>> sources,
                                                          key::Order order);

}  // namespace amethyst::merge
