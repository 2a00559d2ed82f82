// When the next operation is to begin: at once (closed loop), or at a given rate whatever the engine does (open loop).
//
// In an open loop latency counts from the intended start, so that a stall is charged to every operation that it held
// up, and not to the one that was waiting for it alone ("coordinated omission"). Thread safety: one thread at a time.
#pragma once

#include <time.h>

#include <cstdint>

#include "bench/process_meter.h"

namespace amethyst::bench {

class Pacer {
 public:
  // `rate_per_second` 0: closed loop.
  Pacer(uint64_t begin_ns, double rate_per_second)
      : begin_ns_(begin_ns), interval_ns_(rate_per_second > 0 ? 1e9 / rate_per_second : 0) {}

  // Waits for the turn of the next operation and returns from when its latency counts; `now_ns` is the time.
  uint64_t Await(uint64_t now_ns) {
    if (interval_ns_ == 0) return now_ns;
    const uint64_t due_ns = begin_ns_ + static_cast<uint64_t>(static_cast<double>(count_++) * interval_ns_);
    while (now_ns < due_ns) {
      if (due_ns - now_ns > kSpinNs) {
        const uint64_t sleep_ns = due_ns - now_ns - kSpinNs;
        const timespec time{static_cast<time_t>(sleep_ns / 1'000'000'000), static_cast<long>(sleep_ns % 1'000'000'000)};
        nanosleep(&time, nullptr);
      }
      now_ns = NowNs();
    }
    return due_ns;
  }

 private:
  static constexpr uint64_t kSpinNs = 80'000;  // What a sleep may oversleep.

  uint64_t begin_ns_;
  double interval_ns_;
  uint64_t count_ = 0;
};

}  // namespace amethyst::bench
