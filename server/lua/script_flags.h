// What a script's first line, or the registration of a function, says of how it behaves.
//
// Only no-writes means something here: there is no limit of memory for data, no replica and no cluster. The others are
// known, kept and shown. Thread safety: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace amethyst::server {

// In Redis's order; flag i is the bit 1 << i.
inline constexpr std::array<std::string_view, 5> kScriptFlagNames = {"no-writes", "allow-oom", "allow-stale",
                                                                     "no-cluster", "allow-cross-slot-keys"};

struct ScriptFlags {
  uint8_t bits = 0;
  void Add(size_t index) { bits = static_cast<uint8_t>(bits | (1U << index)); }
  [[nodiscard]] bool has(size_t index) const { return ((bits >> index) & 1U) != 0; }
  [[nodiscard]] bool no_writes() const { return has(0); }
};

}  // namespace amethyst::server
