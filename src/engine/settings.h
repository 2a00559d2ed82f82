// Options, checked and with every "chosen" value chosen. Thread safety: plain values, of which those that can be
// changed may be while others read them.
#pragma once

#include "amethyst/error.h"
#include "amethyst/options.h"
#include "base/changeable.h"
#include "cache/memory_budget.h"
#include "key/order.h"
#include "sstable/table_info.h"

namespace amethyst::engine {

// How many memtables may wait for flush while another fills, and how much they may hold together; beyond that one waits
// alone, which was made for a large batch.
struct WaitingLimits {
  size_t count_max = 0;
  size_t bytes_max = 0;

  // The same for one of the databases that share a budget: while all of them together hold more than one may, each is
  // held to its share.
  [[nodiscard]] WaitingLimits Within(const cache::MemoryBudget& budget) const {
    if (budget.memtable_bytes() <= bytes_max) return *this;
    return {.count_max = count_max, .bytes_max = bytes_max / budget.sharers()};
  }
};

struct Settings {
  Options options;  // As given at the open; what was changed since is in what follows, and with those who go by it.
  key::Order order{};
  base::Changeable<size_t> write_buffer_bytes{};
  // Memtables that may wait for flush before writers must wait for memory.
  base::Changeable<size_t> immutable_count_max{};
  base::Changeable<size_t> batch_bytes_max{};  // A quarter of the memory budget, at most 1 GiB.
  // What the entries of a batch may take in the memtable: more than puts and deletes within batch_bytes_max do.
  base::Changeable<size_t> batch_memory_bytes_max{};
  base::Changeable<uint32_t> background_threads{};
  base::Changeable<uint32_t>
      spare_threads{};  // More, for compactions while writes rest: 1 if there is a processor for it.
  base::Changeable<uint64_t> background_bytes_per_s{};
  uint32_t processors = 1;
  uint64_t log_segment_bytes = 0;

  [[nodiscard]] WaitingLimits waiting() const {
    const size_t count = immutable_count_max;
    const size_t bytes = write_buffer_bytes;
    // A memtable holds a little more than its size; half of one is more than a few of those.
    return {.count_max = count, .bytes_max = count * bytes + bytes / 2};
  }
  [[nodiscard]] sstable::TableOptions table_options() const {
    return {.block_bytes = options.block_bytes,
            .compression = options.compression,
            .filter_false_positive_rate = options.filter_false_positive_rate,
            .order = order};
  }
};

// kInvalidArgument names the option, what it is and what it may be.
[[nodiscard]] Result<Settings> CheckOptions(const Options& options);

}  // namespace amethyst::engine
