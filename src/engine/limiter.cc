#include "engine/limiter.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace amethyst::engine {

uint64_t LimitFor(uint64_t bytes_per_s, const Pressure& pressure) {
  constexpr double kRiseMax = 7;  // On top of the limit itself.
  const double limit = static_cast<double>(bytes_per_s) * (1 + kRiseMax * ShareOfLimits(pressure));
  AMETHYST_DCHECK(limit >= static_cast<double>(bytes_per_s));
  constexpr double kMost = 0x1p63;  // Well within the type.
  return static_cast<uint64_t>(std::min(limit, kMost));
}

void Limiter::SetRate(uint64_t bytes_per_s) {
  bytes_per_s_ = bytes_per_s;
  if (bytes_per_s != 0) return;
  for (std::atomic<int64_t>& free_ns : free_ns_) free_ns.store(0, std::memory_order_relaxed);
}

void Limiter::LetGo() { let_go_.store(true, std::memory_order_relaxed); }

int64_t Limiter::Advance(std::atomic<int64_t>* free_ns, int64_t now_ns, int64_t ns) {
  int64_t free = free_ns->load(std::memory_order_relaxed);
  int64_t until;
  do {
    until = std::max(free, now_ns) + ns;
  } while (!free_ns->compare_exchange_weak(free, until, std::memory_order_relaxed));
  return until;
}

Status Limiter::Take(uint64_t bytes, Work work, base::FunctionRef<Status()> check) {
  constexpr double kNsPerSecond = 1e9;
  const uint64_t rate = bytes_per_s_;
  if (rate == 0 || let_go_.load(std::memory_order_relaxed)) return {};
  const auto ns = static_cast<int64_t>(kNsPerSecond * static_cast<double>(bytes) / static_cast<double>(rate));
  const auto now = [this] { return clock_.Monotonic().count(); };
  int64_t until = Advance(&free_ns_[std::to_underlying(Work::kOrdinary)], now(), ns);
  if (work == Work::kUrgent) until = Advance(&free_ns_[std::to_underlying(Work::kUrgent)], now(), ns);
  while (now() + kAheadMaxNs < until && bytes_per_s_ != 0 && !let_go_.load(std::memory_order_relaxed)) {
    AMETHYST_TRY(check());
    const std::chrono::microseconds rest((until - now()) / 1000);
    if (rest.count() > 0) clock_.Sleep(std::min(rest, kSlice));
  }
  return {};
}

}  // namespace amethyst::engine
