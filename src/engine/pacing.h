// How much writers are slowed down: smoothly with compaction debt, so that there is no cliff; and to the speed of the
// flushes while the last memtable fills, so that nobody has to wait for a whole flush; and for readers.
//
// DelayNsPerKiB decides (a pure function), from FlushRate comes the speed of the flushes; Pacer carries both out, as a
// token bucket that all writers share, slept outside all locks. The bucket's charge is bounded, and ends with the
// pressure that it was charged for, so that no later write pays for it.
// Thread safety: a Pacer is for any thread, a FlushRate for one at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "amethyst/listener.h"
#include "io/environment.h"

namespace amethyst::engine {

// What presses.
struct Pressure {
  uint64_t level0_runs = 0;
  uint64_t debt_bytes = 0;
  uint64_t write_buffer_bytes = 0;
};

// Zero without pressure, grows without a step, and tops out at a crawl of some 5 MB/s.
[[nodiscard]] uint64_t DelayNsPerKiB(const Pressure& pressure);
// How near it is to where writers crawl: from 0, where nothing delays them, to 1.
[[nodiscard]] double ShareOfLimits(const Pressure& pressure);
// What of it delays most; kNone: nothing does.
[[nodiscard]] DelayCause CauseOf(const Pressure& pressure);

// How long flushes take for a KiB: a moving average. A flush of little takes as long as its syncs do, which says
// nothing about a full buffer, and is not counted.
class FlushRate {
 public:
  explicit FlushRate(uint64_t write_buffer_bytes) : bytes_min_(write_buffer_bytes / kCountedOneIn) {}

  void SetWriteBuffer(uint64_t write_buffer_bytes) { bytes_min_ = write_buffer_bytes / kCountedOneIn; }
  void Note(uint64_t bytes, std::chrono::nanoseconds took);
  // Zero until a flush has been counted.
  [[nodiscard]] uint64_t ns_per_kib() const { return ns_per_kib_; }

 private:
  static constexpr uint64_t kCountedOneIn = 8;  // Of a buffer: small entries fill one with a third of its bytes.

  uint64_t bytes_min_;
  uint64_t ns_per_kib_ = 0;
};

class Pacer {
 public:
  explicit Pacer(io::Clock& clock) : clock_(clock) {}

  void SetDelay(uint64_t ns_per_kib) { Set(&ns_per_kib_, ns_per_kib); }
  // The same, slept in few long naps, which only the rarest of writes see: while all memtables but the one that fills
  // wait for a flush, or readers want for processors (processor_share.h).
  void SetNaps(uint64_t ns_per_kib) { Set(&nap_ns_per_kib_, ns_per_kib); }
  // As set last.
  [[nodiscard]] uint64_t delay_ns_per_kib() const { return ns_per_kib_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t nap_ns_per_kib() const { return nap_ns_per_kib_.load(std::memory_order_relaxed); }
  // Called before a write of `bytes`; sleeps when the writers together are ahead of their rate. Returns how long.
  std::chrono::microseconds Wait(size_t bytes) {
    const uint64_t debt = ns_per_kib_.load(std::memory_order_relaxed);
    const uint64_t naps = nap_ns_per_kib_.load(std::memory_order_relaxed);
    if ((debt | naps) == 0) return std::chrono::microseconds(0);
    return debt >= naps ? WaitFor(bytes * debt >> 10, kSleepMinNs) : WaitFor(bytes * naps >> 10, kNapNs);
  }

 private:
  // Shorter delays are saved up: a sleep costs some 60 us whatever it is asked for.
  static constexpr int64_t kSleepMinNs = 200'000;
  static constexpr int64_t kNapNs = 10'000'000;
  // What a large batch would have to sleep longer, those behind it do.
  static constexpr int64_t kSleepMaxNs = 50'000'000;
  // The most that the writers together can owe: some twenty of these sleeps, whatever was written at whatever rate.
  static constexpr int64_t kChargeMaxNs = 20 * kSleepMaxNs;

  // Sets one of the two rates; the charge is dropped once both are zero.
  void Set(std::atomic<uint64_t>* rate, uint64_t ns_per_kib);
  std::chrono::microseconds WaitFor(uint64_t ns, int64_t least_ns);

  io::Clock& clock_;
  std::atomic<uint64_t> ns_per_kib_{0};      // Set by the background jobs, read by writers.
  std::atomic<uint64_t> nap_ns_per_kib_{0};  // Likewise.
  std::atomic<int64_t> next_free_ns_{0};     // When the bucket has a token again; advanced by every writer.
};

}  // namespace amethyst::engine
