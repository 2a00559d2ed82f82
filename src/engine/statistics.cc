#include "engine/statistics.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace amethyst::engine {

namespace {

// One bit for each stripe that a living thread owns. Given back with release, taken with acquire: what the last owner
// counted is there for the next.
constinit std::atomic<uint32_t> owned_stripes{0};

}  // namespace

Statistics::StripeOwner::StripeOwner() {
  static_assert(kShared == 32);
  uint32_t owned = owned_stripes.load(std::memory_order_relaxed);
  while (owned != UINT32_MAX) {
    const int free = std::countr_one(owned);
    if (owned_stripes.compare_exchange_weak(owned, owned | uint32_t{1} << free, std::memory_order_acquire)) {
      index_ = static_cast<size_t>(free);
      return;
    }
  }
}

Statistics::StripeOwner::~StripeOwner() {
  if (index_ != kShared) owned_stripes.fetch_and(~(uint32_t{1} << index_), std::memory_order_release);
}

void Statistics::Record(Sample sample, uint64_t value) {
  SharedHistogram& histogram = samples_[static_cast<size_t>(sample)];
  const size_t bucket = std::min<size_t>(static_cast<size_t>(std::bit_width(value)), 63);
  histogram.buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  histogram.count.fetch_add(1, std::memory_order_relaxed);
  histogram.sum.fetch_add(value, std::memory_order_relaxed);
  uint64_t seen = histogram.max.load(std::memory_order_relaxed);
  while (value > seen && !histogram.max.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

uint64_t Statistics::Sum(Counter counter) const {
  uint64_t sum = 0;
  for (const Stripe& stripe : stripes_) {
    sum += stripe.counters[static_cast<size_t>(counter)].load(std::memory_order_relaxed);
  }
  return sum;
}

uint64_t Statistics::ReadsOfReaders(ReadMarks* last) const {
  uint64_t sum = 0;
  for (size_t i = 0; i < kStripes; ++i) {
    const auto count = [&](Counter counter) {
      return stripes_[i].counters[static_cast<size_t>(counter)].load(std::memory_order_relaxed);
    };
    const ReadMarks::Mark now{.reads = count(Counter::kGets) + count(Counter::kSeeks) + count(Counter::kSlowSteps),
                              .writes = count(Counter::kWrites)};
    const ReadMarks::Mark before = std::exchange(last->stripes[i], now);
    if (now.writes == before.writes) sum += now.reads - before.reads;
  }
  return sum;
}

Histogram Statistics::Collect(Sample sample) const {
  const SharedHistogram& from = samples_[static_cast<size_t>(sample)];
  Histogram to;
  for (size_t i = 0; i < to.buckets.size(); ++i) to.buckets[i] = from.buckets[i].load(std::memory_order_relaxed);
  to.count = from.count.load(std::memory_order_relaxed);
  to.sum = from.sum.load(std::memory_order_relaxed);
  to.max = from.max.load(std::memory_order_relaxed);
  return to;
}

void Statistics::FillIn(Stats* stats) const {
  const struct {
    Counter counter;
    uint64_t Stats::* field;
  } fields[] = {
      {Counter::kWrites, &Stats::writes},
      {Counter::kEntriesWritten, &Stats::entries_written},
      {Counter::kUserBytesWritten, &Stats::user_bytes_written},
      {Counter::kGets, &Stats::gets},
      {Counter::kGetsFound, &Stats::gets_found},
      {Counter::kSeeks, &Stats::seeks},
      {Counter::kFilterNegatives, &Stats::filter_negatives},
      {Counter::kFilterFalsePositives, &Stats::filter_false_positives},
      {Counter::kFiltersLost, &Stats::filters_lost},
      {Counter::kTablesConsulted, &Stats::tables_consulted},
      {Counter::kWriteDelays, &Stats::write_delays},
      {Counter::kWriteDelayUs, &Stats::write_delay_us},
      {Counter::kWriteWaits, &Stats::write_waits},
      {Counter::kFlushes, &Stats::flushes},
      {Counter::kFlushBytesWritten, &Stats::flush_bytes_written},
      {Counter::kCompactions, &Stats::compactions},
      {Counter::kCompactionBytesRead, &Stats::compaction_bytes_read},
      {Counter::kCompactionBytesWritten, &Stats::compaction_bytes_written},
      {Counter::kTrivialMoves, &Stats::trivial_moves},
      {Counter::kEntriesDropped, &Stats::entries_dropped},
      {Counter::kEntriesFiltered, &Stats::entries_filtered},
      {Counter::kCacheHits, &Stats::cache_hits},
  };
  static_assert(std::size(fields) == static_cast<size_t>(Counter::kSlowSteps));
  for (const auto& [counter, field] : fields) stats->*field = Sum(counter);
  stats->get_ns = Collect(Sample::kGetNs);
  stats->write_ns = Collect(Sample::kWriteNs);
  stats->sync_us = Collect(Sample::kSyncUs);
}

}  // namespace amethyst::engine
