#include "server/health.h"

#include <fmt/format.h>

#include <cstdlib>

#include "server/config.h"

namespace amethyst::server {

namespace {
constexpr std::chrono::milliseconds kJump{5000};        // As the engine has it.
constexpr std::chrono::microseconds kBetween{1000000};  // Lines of refused connections.
}  // namespace

void Health::LookAtClock(const Seen& seen, Log& log) {
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(seen.monotonic - last_.monotonic);
  const auto jump = seen.wall - last_.wall - passed;
  if (std::chrono::abs(jump) < kJump) return;
  ++clock_jumps_;
  last_jump_ = jump;
  const bool is_forward = jump.count() > 0;
  log.Write(LogLevel::kWarning, "clock-jump",
            fmt::format("the system's clock went {} by {} ms: keys that expire do so {}", is_forward ? "on" : "back",
                        std::abs(jump.count()), is_forward ? "earlier" : "later, once it has caught up"),
            {{"jump_ms", jump.count()}});
}

void Health::LookAtClients(const Seen& seen, Log& log) {
  if (seen.rejected_connections < told_rejected_) told_rejected_ = 0;  // CONFIG RESETSTAT.
  const uint64_t refused = seen.rejected_connections - told_rejected_;
  if (refused > 0 && seen.monotonic - told_of_refusals_ >= kBetween) {
    log.Write(LogLevel::kWarning, "refused",
              fmt::format("refused {} connections: maxclients {} is reached", refused, seen.maxclients),
              {{"connections", static_cast<int64_t>(refused)}, {"maxclients", static_cast<int64_t>(seen.maxclients)}});
    told_rejected_ = seen.rejected_connections;
    told_of_refusals_ = seen.monotonic;
  }
  // Told once, and again after it was well below.
  constexpr uint64_t kNear = Config::kOutsideEngineBytes / 10 * 9;
  constexpr uint64_t kFar = Config::kOutsideEngineBytes / 10 * 7;
  if (memory_is_near_limit_ ? seen.client_bytes >= kFar : seen.client_bytes < kNear) return;
  memory_is_near_limit_ = !memory_is_near_limit_;
  log.Write(memory_is_near_limit_ ? LogLevel::kWarning : LogLevel::kNotice, "client-memory",
            memory_is_near_limit_
                ? fmt::format("clients and scripts hold {} bytes of the {} that maxmemory leaves them",
                              seen.client_bytes, Config::kOutsideEngineBytes)
                : fmt::format("clients and scripts hold {} bytes again", seen.client_bytes),
            {{"bytes", static_cast<int64_t>(seen.client_bytes)}});
}

void Health::Look(const Seen& seen, Log& log) {
  if (has_last_) LookAtClock(seen, log);
  LookAtClients(seen, log);
  last_ = seen;
  has_last_ = true;
}

}  // namespace amethyst::server
