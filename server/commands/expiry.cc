#include "server/commands/expiry.h"

#include <algorithm>

#include "server/commands/numbers.h"

namespace amethyst::server {

std::optional<ExpiryUnit> ReadExpiryUnit(std::string_view word) {
  if (EqualsIgnoringCase(word, "ex")) return ExpiryUnit{.is_seconds = true};
  if (EqualsIgnoringCase(word, "px")) return ExpiryUnit{};
  if (EqualsIgnoringCase(word, "exat")) return ExpiryUnit{.is_seconds = true, .is_absolute = true};
  if (EqualsIgnoringCase(word, "pxat")) return ExpiryUnit{.is_absolute = true};
  return {};
}

std::optional<TimeMs> MomentOf(int64_t number, ExpiryUnit unit, TimeMs now_ms) {
  int64_t milliseconds = number;
  if (unit.is_seconds && __builtin_mul_overflow(number, 1000, &milliseconds)) return {};
  if (!unit.is_absolute && AddOverflows(milliseconds, static_cast<int64_t>(now_ms), &milliseconds)) return {};
  return static_cast<TimeMs>(std::clamp<int64_t>(milliseconds, 0, kExpiryMax));
}

}  // namespace amethyst::server
