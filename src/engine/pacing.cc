#include "engine/pacing.h"

#include <algorithm>

#include "base/assert.h"

namespace amethyst::engine {

namespace {

constexpr double kLevel0RunsSoft = 16, kLevel0RunsHard = 44;
constexpr double kDebtBuffersSoft = 64, kDebtBuffersHard = 512;  // In write buffers.
constexpr double kDelayUnitNsPerKiB = 2000;
constexpr uint64_t kDelayMaxNsPerKiB = 200'000;

// From 0, where nothing presses, to 1.
struct Shares {
  double level0_runs;
  double debt;
};

double Share(double value, double soft, double hard) { return std::clamp((value - soft) / (hard - soft), 0.0, 1.0); }

Shares SharesOf(const Pressure& pressure) {
  const double buffer_bytes = static_cast<double>(std::max<uint64_t>(pressure.write_buffer_bytes, 1));
  return {
      .level0_runs = Share(static_cast<double>(pressure.level0_runs), kLevel0RunsSoft, kLevel0RunsHard),
      .debt = Share(static_cast<double>(pressure.debt_bytes) / buffer_bytes, kDebtBuffersSoft, kDebtBuffersHard),
  };
}

}  // namespace

DelayCause CauseOf(const Pressure& pressure) {
  if (DelayNsPerKiB(pressure) == 0) return DelayCause::kNone;
  const Shares shares = SharesOf(pressure);
  return shares.level0_runs >= shares.debt ? DelayCause::kLevel0 : DelayCause::kCompactionDebt;
}

double ShareOfLimits(const Pressure& pressure) {
  const Shares shares = SharesOf(pressure);
  return std::max(shares.level0_runs, shares.debt);
}

uint64_t DelayNsPerKiB(const Pressure& pressure) {
  const double most = ShareOfLimits(pressure);
  AMETHYST_DCHECK(most >= 0 && most <= 1);
  if (most >= 1) return kDelayMaxNsPerKiB;
  return std::min(static_cast<uint64_t>(kDelayUnitNsPerKiB * most / (1 - most)), kDelayMaxNsPerKiB);
}

void FlushRate::Note(uint64_t bytes, std::chrono::nanoseconds took) {
  const uint64_t kib = bytes / 1024;
  if (bytes < bytes_min_ || kib == 0) return;
  const uint64_t latest = static_cast<uint64_t>(took.count()) / kib;
  ns_per_kib_ = ns_per_kib_ == 0 ? latest : (3 * ns_per_kib_ + latest) / 4;
}

void Pacer::Set(std::atomic<uint64_t>* rate, uint64_t ns_per_kib) {
  rate->store(ns_per_kib, std::memory_order_relaxed);
  const uint64_t rates = ns_per_kib_.load(std::memory_order_relaxed) | nap_ns_per_kib_.load(std::memory_order_relaxed);
  if (rates == 0) next_free_ns_.store(0, std::memory_order_relaxed);
}

std::chrono::microseconds Pacer::WaitFor(uint64_t ns, int64_t least_ns) {
  const int64_t now = clock_.Monotonic().count();
  int64_t free = next_free_ns_.load(std::memory_order_relaxed);
  int64_t until;
  do {
    until = std::min(std::max(free, now) + static_cast<int64_t>(ns), now + kChargeMaxNs);
  } while (!next_free_ns_.compare_exchange_weak(free, until, std::memory_order_relaxed));
  AMETHYST_DCHECK(until >= now && until - now <= kChargeMaxNs);
  if (until - now < least_ns) return std::chrono::microseconds(0);
  const std::chrono::microseconds sleep(std::min(until - now, kSleepMaxNs) / 1000);
  clock_.Sleep(sleep);
  return sleep;
}

}  // namespace amethyst::engine
