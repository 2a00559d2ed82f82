// Counters of an open database, kept apart by thread so that counting costs neither a shared cache line nor a locked
// instruction, which would hold up every load behind it.
//
// The first threads have a stripe of counters each, for as long as they live; all others share one.
// Thread safety: any thread. Sums are exact once the counting threads have stopped.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "amethyst/stats.h"
#include "io/environment.h"

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
  kEntriesFiltered,
  kCacheHits,  // Lookups that found a table's page and block in memory; the cache counts those of the slow way.
  kFiltersLost,
  // From here on what the engine itself goes by, and nobody is told.
  kSlowSteps,        // Of iterators, beyond a stretch that they walk through without looking at anything.
  kBackgroundCpuNs,  // Processor time of flushes and compactions.
  kCount,
};

enum class Sample : uint8_t { kGetNs, kWriteNs, kSyncUs, kCount };

class Statistics {
 public:
  [[gnu::always_inline]] void Add(Counter counter, uint64_t n = 1) {  // On the way of each read and write.
    const size_t stripe = MyStripe();
    std::atomic<uint64_t>& count = stripes_[stripe].counters[static_cast<size_t>(counter)];
    if (stripe != kShared) [[likely]] {
      count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    } else {
      count.fetch_add(n, std::memory_order_relaxed);
    }
  }
  void Record(Sample sample, uint64_t value);
  // True once in a while on each thread: when a call should be timed.
  [[nodiscard]] static bool TimeThisCall() {
    thread_local uint32_t calls = 0;
    return (++calls & 255) == 0;
  }
  [[nodiscard]] uint64_t Sum(Counter counter) const;
  // The calls for reads since `last` was taken on threads that have not written meanwhile; brings it up to date.
  struct ReadMarks;
  [[nodiscard]] uint64_t ReadsOfReaders(ReadMarks* last) const;
  [[nodiscard]] Histogram Collect(Sample sample) const;
  // Fills in every field that a counter or sample stands for.
  void FillIn(Stats* stats) const;

 private:
  static constexpr size_t kShared = 32;
  static constexpr size_t kStripes = kShared + 1;
  struct alignas(64) Stripe {
    std::array<std::atomic<uint64_t>, static_cast<size_t>(Counter::kCount)> counters{};
  };
  struct SharedHistogram {
    std::array<std::atomic<uint64_t>, 64> buckets{};
    std::atomic<uint64_t> count{0}, sum{0}, max{0};
  };

  // The calling thread's stripe, in every instance.
  static size_t MyStripe() {
    thread_local const StripeOwner owner;
    return owner.index();
  }
  // Takes a free stripe for the thread that makes it, or the shared one.
  class StripeOwner {
   public:
    StripeOwner();
    ~StripeOwner();
    StripeOwner(const StripeOwner&) = delete;
    StripeOwner& operator=(const StripeOwner&) = delete;
    [[nodiscard]] size_t index() const { return index_; }

   private:
    size_t index_ = kShared;
  };

  std::array<Stripe, kStripes> stripes_{};
  std::array<SharedHistogram, static_cast<size_t>(Sample::kCount)> samples_{};
};

// Counts what the calling thread, at background work, takes of a processor while this lives.
class CpuMeter {
 public:
  CpuMeter(io::Clock& clock, Statistics& statistics)
      : clock_(clock), statistics_(statistics), begin_(clock.ThreadCpu()) {}
  ~CpuMeter() {
    statistics_.Add(Counter::kBackgroundCpuNs, static_cast<uint64_t>((clock_.ThreadCpu() - begin_).count()));
  }
  CpuMeter(const CpuMeter&) = delete;
  CpuMeter& operator=(const CpuMeter&) = delete;

 private:
  io::Clock& clock_;
  Statistics& statistics_;
  const std::chrono::nanoseconds begin_;
};

struct Statistics::ReadMarks {
  struct Mark {
    uint64_t reads = 0;
    uint64_t writes = 0;
  };
  std::array<Mark, kStripes> stripes{};
};

}  // namespace amethyst::engine
