// Counters of an open database, kept apart by thread so that counting costs no shared cache line.
//
// Thread safety: any thread. Sums are exact once the counting threads have stopped.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "amethyst/stats.h"

namespace amethyst::engine {

enum class Counter : uint8_t {
  kWrites,
  kEntriesWritten,
  kUserBytesWritten,
  kGets,
  kGetsFound,
  kSeeks,
  kFilterNegatives,
  kFilterFalsePositives,
  kTablesConsulted,
  kWriteDelays,
  kWriteDelayUs,
  kWriteWaits,
  kFlushes,
  kFlushBytesWritten,
  kCompactions,
  kCompactionBytesRead,
  kCompactionBytesWritten,
  kTrivialMoves,
  kEntriesDropped,
  kCacheHits,  // Lookups that found a table's page and block in memory; the cache counts those of the slow way.
  kCount,
};

enum class Sample : uint8_t { kGetNs, kWriteNs, kSyncUs, kCount };

class Statistics {
 public:
  void Add(Counter counter, uint64_t n = 1) {
    Local().counters[static_cast<size_t>(counter)].fetch_add(n, std::memory_order_relaxed);
  }
  void Record(Sample sample, uint64_t value);
  // True once in a while on each thread: when a call should be timed.
  [[nodiscard]] static bool TimeThisCall() {
    thread_local uint32_t calls = 0;
    return (++calls & 255) == 0;
  }
  [[nodiscard]] uint64_t Sum(Counter counter) const;
  [[nodiscard]] Histogram Collect(Sample sample) const;
  // Fills in every field that a counter or sample stands for.
  void FillIn(Stats* stats) const;

 private:
  static constexpr size_t kStripes = 32;
  struct alignas(64) Stripe {
    std::array<std::atomic<uint64_t>, static_cast<size_t>(Counter::kCount)> counters{};
  };
  struct SharedHistogram {
    std::array<std::atomic<uint64_t>, 64> buckets{};
    std::atomic<uint64_t> count{0}, sum{0}, max{0};
  };

  Stripe& Local() { return stripes_[StripeIndex()]; }
  static size_t StripeIndex() {
    static std::atomic<size_t> next{0};
    thread_local const size_t index = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return index;
  }

  std::array<Stripe, kStripes> stripes_{};
  std::array<SharedHistogram, static_cast<size_t>(Sample::kCount)> samples_{};
};

}  // namespace amethyst::engine
