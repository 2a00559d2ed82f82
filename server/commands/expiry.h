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

// The moment in milliseconds since 1970; it may lie in the past, and is 0 for one before 1970. nullopt: it is out of
// range.
[[nodiscard]] std::optional<TimeMs> MomentOf(int64_t number, ExpiryUnit unit, TimeMs now_ms);

}  // namespace amethyst::server
