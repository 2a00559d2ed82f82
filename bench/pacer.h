// When the next operation is to begin: at once (closed loop), or at a given rate whatever the engine does (open loop).
//
// In an open loop latency counts from the intended start, so that a stall is charged to every operation that it held
// up, and not to the one that was waiting for it alone ("coordinated omission"). A writer in the background keeps its
// rate on average only, in bursts of a millisecond: to be on time it would have to spin, on a processor that it is to
// leave to the readers. Its latency counts from the real start. Thread safety: one thread at a time.
#pragma once

#include <time.h>

#include <cstdint>

#include "bench/process_meter.h"

namespace amethyst::bench {

class Pacer {
 public:
  enum class Keeps : uint8_t { kEachStart, kTheAverage };

  // `rate_per_second` 0: closed loop.
  Pacer(uint64_t begin_ns, double rate_per_second, Keeps keeps = Keeps::kEachStart)
      : begin_ns_(begin_ns), interval_ns_(rate_per_second > 0 ? 1e9 / rate_per_second : 0), keeps_(keeps) {}

  // Waits for the turn of the next operation and returns from when its latency counts; `now_ns` is the time.
  uint64_t Await(uint64_t now_ns) {
    if (interval_ns_ == 0) return now_ns;
    const uint64_t due_ns = begin_ns_ + static_cast<uint64_t>(static_cast<double>(count_++) * interval_ns_);
    while (now_ns < due_ns) {
      if (keeps_ == Keeps::kTheAverage) {
        Sleep(kBurstNs);
      } else if (due_ns - now_ns > kSpinNs) {
        Sleep(due_ns - now_ns - kSpinNs);
      }
      now_ns = NowNs();
    }
    return keeps_ == Keeps::kTheAverage ? now_ns : due_ns;
  }

 private:
  static void Sleep(uint64_t ns) {
    const timespec time{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    nanosleep(&time, nullptr);
  }

  static constexpr uint64_t kBurstNs = 1'000'000;
  static constexpr uint64_t kSpinNs = 80'000;  // What a sleep may oversleep.

  uint64_t begin_ns_;
  double interval_ns_;
  Keeps keeps_;
  uint64_t count_ = 0;
};

}  // namespace amethyst::bench
