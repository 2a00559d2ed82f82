// Expiry as commands take it: seconds or milliseconds, from now or since 1970.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/keyspace/layout.h"

namespace amethyst::server {

struct ExpiryUnit {
  bool is_seconds = false;
  bool is_absolute = false;
};
// "ex", "px", "exat", "pxat" in any case; nullopt for any other word.
[[nodiscard]] std::optional<ExpiryUnit> ReadExpiryUnit(std::string_view word);

// The moment in milliseconds since 1970. It may lie in the past; before 1970 it is 0, and after the year 10889 it is
// kExpiryMax. nullopt: the sum does not fit into 64 bits, which Redis refuses.
[[nodiscard]] std::optional<TimeMs> MomentOf(int64_t number, ExpiryUnit unit, TimeMs now_ms);

}  // namespace amethyst::server
