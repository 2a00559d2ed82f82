#include "engine/read_clock.h"

#include <algorithm>

namespace amethyst::engine {

ReadClock::ReadClock(std::shared_ptr<io::Environment> environment, std::optional<uint64_t> noted_ms)
    : environment_(std::move(environment)),
      opened_monotonic_(environment_->clock().Monotonic()),
      in_use_(noted_ms.has_value()),
      greatest_ms_(std::max(WallMs(), noted_ms.value_or(0))),
      opened_ms_(greatest_ms_.load(std::memory_order_relaxed)) {}

uint64_t ReadClock::See(uint64_t ms) {
  uint64_t greatest = greatest_ms_.load(std::memory_order_relaxed);
  while (ms > greatest) {
    if (greatest_ms_.compare_exchange_weak(greatest, ms, std::memory_order_relaxed)) return ms;
  }
  return greatest;
}

void ReadClock::UseFrom(uint64_t seen_ms) {
  See(seen_ms);
  Use();
}

uint64_t ReadClock::NowMs() { return See(WallMs()); }

uint64_t ReadClock::LongPastMs() {
  const auto passed = environment_->clock().Monotonic() - opened_monotonic_;
  const auto passed_ms = static_cast<uint64_t>(std::chrono::floor<std::chrono::milliseconds>(passed).count());
  const uint64_t trusted = std::min(NowMs(), opened_ms_ + passed_ms + kMarginMs);
  return trusted - std::min(trusted, kMarginMs);
}

uint64_t ReadClock::WallMs() const {
  constexpr int64_t kWallMsMax = int64_t{1} << 50;  // Whatever a broken clock shows.
  return static_cast<uint64_t>(std::clamp<int64_t>(environment_->clock().WallTime().count(), 0, kWallMsMax));
}

}  // namespace amethyst::engine
