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

// HSCAN and SSCAN: the reply for the collection. The cursor is the hash of the next member. Members of one hash come in
// one reply, so that each comes once. An inline collection comes in one reply, whatever the cursor.
void ReplyWithScan(Call& call, const Members& members, uint64_t cursor, bool with_values);

}  // namespace amethyst::server
