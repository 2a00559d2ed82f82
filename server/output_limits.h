// client-output-buffer-limit: how many bytes may wait for a client that does not read them, before it is closed.
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace amethyst::server {

struct OutputLimit {
  uint64_t hard_bytes = 0;  // 0: there is none.
  uint64_t soft_bytes = 0;  // For longer than `soft_s`. 0: there is none.
  uint64_t soft_s = 0;
};

struct OutputLimits {
  OutputLimit normal{};
  OutputLimit replica{.hard_bytes = uint64_t{256} << 20, .soft_bytes = uint64_t{64} << 20, .soft_s = 60};
  OutputLimit listener{.hard_bytes = uint64_t{32} << 20, .soft_bytes = uint64_t{8} << 20, .soft_s = 60};
};

// "pubsub 32mb 8mb 60", as often as wanted; limits of other classes stay as they are. Unexpected: Redis's words for it.
[[nodiscard]] std::expected<OutputLimits, std::string_view> ReadOutputLimits(std::string_view text,
                                                                             OutputLimits limits);
// All three classes, in bytes.
[[nodiscard]] std::string TextOf(const OutputLimits& limits);

}  // namespace amethyst::server
