#include "engine/pacing.h"

#include <algorithm>

namespace amethyst::engine {

namespace {

constexpr double kLevel0RunsSoft = 16, kLevel0RunsHard = 44;
constexpr double kDebtBuffersSoft = 64, kDebtBuffersHard = 512;  // In write buffers.
constexpr double kDelayUnitNsPerKiB = 2000;
constexpr uint64_t kDelayMaxNsPerKiB = 200'000;

double Share(double value, double soft, double hard) { return std::clamp((value - soft) / (hard - soft), 0.0, 1.0); }

}  // namespace

uint64_t DelayNsPerKiB(const Pressure& pressure) {
  const double buffer_bytes = static_cast<double>(std::max<uint64_t>(pressure.write_buffer_bytes, 1));
  const double runs = Share(static_cast<double>(pressure.level0_runs), kLevel0RunsSoft, kLevel0RunsHard);
  const double debt =
      Share(static_cast<double>(pressure.debt_bytes) / buffer_bytes, kDebtBuffersSoft, kDebtBuffersHard);
  const double most = std::max(runs, debt);
  if (most >= 1) return kDelayMaxNsPerKiB;
  return std::min(static_cast<uint64_t>(kDelayUnitNsPerKiB * most / (1 - most)), kDelayMaxNsPerKiB);
}

std::chrono::microseconds Pacer::WaitFor(uint64_t ns, int64_t least_ns) {
  const int64_t now = clock_.Monotonic().count();
  int64_t free = next_free_ns_.load(std::memory_order_relaxed);
  int64_t until;
  do {
    until = std::max(free, now) + static_cast<int64_t>(ns);
  } while (!next_free_ns_.compare_exchange_weak(free, until, std::memory_order_relaxed));
  if (until - now < least_ns) return std::chrono::microseconds(0);
  const std::chrono::microseconds sleep(std::min(until - now, kSleepMaxNs) / 1000);
  clock_.Sleep(sleep);
  return sleep;
}

}  // namespace amethyst::engine
