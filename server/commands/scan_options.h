// What SCAN and its kin are told behind the cursor, and the cursor's reply for members. Thread safety: one thread, the
// server's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "server/commands/command.h"
#include "server/types/members.h"

namespace amethyst::server {

struct ScanOptions {
  std::string_view pattern = "*";
  int64_t count = 10;
  std::optional<std::string_view> type{};
};

// Reads the options from argument `first` on. Only SCAN takes a type. False: the error has been said.
[[nodiscard]] bool ReadScanOptions(Call& call, size_t first, bool takes_type, ScanOptions* options);

// Shows entries from where the walk stands: at least `count`, and then all others of the last one's place, so that each
// comes once. `place` is the walk's: an entry's number in its order. Returns the cursor of the next call, which is the
// place of the next entry, or 0 at the end.
template <typename Walk, typename Show>
[[nodiscard]] uint64_t ShowFromCursor(Walk& walk, int64_t count, uint64_t (Walk::*place)() const, Show show) {
  uint64_t last = 0;
  for (int64_t looked_at = 0; walk.Valid(); walk.Next(), ++looked_at) {
    const uint64_t here = (walk.*place)();
    if (looked_at >= count && here != last) return here;
    last = here;
    show();
  }
  return 0;
}
// What stands before the elements that SCAN and its kin have found.
void ReplyWithCursor(Reply& reply, uint64_t next, size_t elements);

// HSCAN and SSCAN: the reply for the collection. The cursor is the hash of the next member. An inline collection comes
// in one reply, whatever the cursor.
void ReplyWithScan(Call& call, const Members& members, uint64_t cursor, bool with_values);

}  // namespace amethyst::server
