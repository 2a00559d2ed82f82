// How often the timer fires, and at which of its ticks the log is synced: so that a database has one timer thread, and
// the log's syncs begin sync_interval_ms apart all the same. Thread safety: pure functions.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace amethyst::engine {

struct SyncTicks {
  std::chrono::milliseconds interval;  // A second at most, for the sake of everything else that is periodic.
  uint32_t per_sync;                   // Every so many ticks the log is synced; 0: never.
};

[[nodiscard]] constexpr SyncTicks SyncTicksFor(uint32_t sync_interval_ms) {
  constexpr uint32_t kTickMaxMs = 1000;
  if (sync_interval_ms == 0) return {.interval = std::chrono::milliseconds(kTickMaxMs), .per_sync = 0};
  const uint32_t per_sync = sync_interval_ms / kTickMaxMs + (sync_interval_ms % kTickMaxMs != 0 ? 1 : 0);
  return {.interval = std::chrono::milliseconds(sync_interval_ms / per_sync), .per_sync = per_sync};
}

}  // namespace amethyst::engine
