// All that decides what is done to an engine: equal loads are the same operations, whatever the engine.
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "amethyst/options.h"
#include "bench/key_maker.h"
#include "bench/value_maker.h"
#include "bench/workload.h"

namespace amethyst::bench {

// How far a database is brought back to rest after a workload that wrote.
enum class Settle : uint8_t {
  kNone,
  kIdle,   // Until no flush or compaction is due.
  kFlush,  // The same after a flush of the memtables, so that all debt is paid.
};

struct Load {
  uint64_t keys = 1'000'000;
  uint64_t operations = 0;  // 0: as many as keys. Each workload scales it.
  double seconds = 0;       // Over 0: a workload ends then, and operations do not count.
  double warmup_seconds = 0;
  uint32_t threads = 1;
  double rate_per_second = 0;         // Over 0: open loop, of all threads together.
  double writer_rate_per_second = 0;  // Of the writer beside the readers of some workloads; 0: as any other thread.
  uint64_t seed = 1;
  Durability durability = Durability::kBuffered;
  Settle settle = Settle::kFlush;

  KeyKind key_kind = KeyKind::kDecimal;
  ValueMaker::Shape values;
  double zipf_exponent = 0.99;
  double hot_keys_share = 0.01;
  double hot_operations_share = 0.99;
  uint64_t batch_entries = 100;
  uint64_t multiget_keys = 32;
  uint64_t queue_depth = 100;  // Entries in the queue before the first round.

  // Of trials.
  uint64_t tombstones = 10'000;  // Range deletes.
  uint64_t operands = 10'000;    // Of one key.
  uint64_t families = 200;
  uint32_t ttl_seconds = 15;

  // Of the workload `mixed`.
  std::vector<Share> mix = {{Action::kGet, 50}, {Action::kPut, 50}};
  Order distribution = Order::kZipf;
  Steps scan_steps = {1, 100};
};

}  // namespace amethyst::bench
