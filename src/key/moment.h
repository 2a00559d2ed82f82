// Moments as the public API tells them, and as entries hold them: milliseconds since 1970. Thread safety: pure
// functions.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "amethyst/options.h"
#include "key/expiry.h"

namespace amethyst::key {

// kNever for what the API's clock cannot tell.
[[nodiscard]] inline std::chrono::system_clock::time_point MomentOf(uint64_t expires_ms) {
  constexpr auto kLast = std::chrono::floor<std::chrono::milliseconds>(kNever.time_since_epoch());
  if (expires_ms >= static_cast<uint64_t>(kLast.count())) return kNever;
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(expires_ms));
}

// The same, with nullopt for never.
[[nodiscard]] inline std::optional<std::chrono::system_clock::time_point> ExpiresAtOf(uint64_t expires_ms) {
  const auto moment = MomentOf(expires_ms);
  return moment == kNever ? std::nullopt : std::optional(moment);
}

// kNeverMs for kNever; 0 for what is before 1970.
[[nodiscard]] inline uint64_t MillisecondsOf(std::chrono::system_clock::time_point moment) {
  if (moment == kNever) return kNeverMs;
  const auto since = std::chrono::floor<std::chrono::milliseconds>(moment.time_since_epoch());
  return static_cast<uint64_t>(std::max<int64_t>(since.count(), 0));
}

}  // namespace amethyst::key
