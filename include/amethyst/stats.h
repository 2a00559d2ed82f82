// What a database has done and what it looks like now; one consistent copy per call of GetStats.
// Thread safety: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amethyst {

// Counts of values by powers of two: bucket i holds values in [2^(i-1), 2^i), bucket 0 the zeros.
struct Histogram {
  std::array<uint64_t, 64> buckets{};
  uint64_t count = 0;
  uint64_t sum = 0;
  uint64_t max = 0;

  // An upper bound of the value below which `fraction` (0 to 1) of all values lie.
  [[nodiscard]] uint64_t Percentile(double fraction) const;
};

struct LevelStats {
  uint64_t tables = 0;
  uint64_t runs = 0;
  uint64_t bytes = 0;  // On disk.
  uint64_t entries = 0;
  uint64_t deletes = 0;
};

// What one family has in tables. Memory, log and counters are the whole database's: see Stats.
struct FamilyStats {
  uint64_t range_deletes = 0;       // Stretches of keys in which range deletes still hide something.
  uint64_t range_delete_bytes = 0;  // Of the table that keeps them, which is at no level.
  std::vector<LevelStats> levels;

  // All levels together.
  [[nodiscard]] LevelStats Total() const;
  // One JSON object with every field, and the total's.
  [[nodiscard]] std::string ToJson() const;
};

// How far a follower (DB::OpenFollower) is behind its writer.
struct FollowerLag {
  // In milliseconds: its reads see all that the writer's saw that long ago, kNone writes excepted. nullopt: it has not
  // read the log to its end yet.
  std::optional<uint64_t> age_ms;
  // What the writer has published last, as Stats::sequence and durable_sequence are: some tenths of a second ago while
  // it writes, so what the follower shows may be more. nullopt: no writer has the database open, or none has published.
  std::optional<uint64_t> writer_sequence;
  std::optional<uint64_t> writer_durable_sequence;
};

struct Stats {
  // Sequence numbers: one is given to each entry that is written, over all families, for ever. The last one that reads
  // see, and the last one that a power loss cannot take any more; of a follower the latter as far as it knows.
  uint64_t sequence = 0;
  uint64_t durable_sequence = 0;
  std::optional<FollowerLag> follower;  // nullopt: it is no follower.

  // Operations since open.
  uint64_t writes = 0;  // Batches committed.
  uint64_t entries_written = 0;
  uint64_t user_bytes_written = 0;
  uint64_t gets = 0;
  uint64_t gets_found = 0;
  uint64_t seeks = 0;

  // Log.
  uint64_t wal_bytes = 0;
  uint64_t wal_syncs = 0;
  uint64_t wal_torn_tails = 0;         // Found and cut by this open.
  uint64_t wal_batches_recovered = 0;  // Found in the log by this open, and in no table.

  // Readers of the change feed.
  uint64_t cursors = 0;          // By name, those that are lost left out.
  uint64_t cursors_lost = 0;     // By this open.
  uint64_t feed_held_bytes = 0;  // Of log that recovery does not need.

  // Filters, tables, cache.
  uint64_t filter_negatives = 0;        // Tables that a filter spared a lookup.
  uint64_t filter_false_positives = 0;  // Tables searched for nothing although a filter was asked.
  uint64_t filters_lost = 0;            // Filters that could not be read: their tables are searched without.
  uint64_t tables_consulted = 0;        // Index searches by point lookups.
  uint64_t blocks_read = 0;             // From files, by reads.
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  uint64_t cache_evictions = 0;
  uint64_t cache_bytes = 0;
  uint64_t cache_capacity_bytes = 0;

  // Memory and files.
  uint64_t memtable_bytes = 0;
  uint64_t memtables = 0;  // The active one and those waiting for flush.
  // Held by iterators, snapshots, pinned values and transactions: the budget cannot take it back.
  uint64_t pinned_bytes = 0;
  uint64_t memory_bytes = 0;  // All that is charged to the budget.
  uint64_t open_files = 0;
  uint64_t range_deletes = 0;  // Of all families, as FamilyStats has them; likewise the next.
  uint64_t range_delete_bytes = 0;
  uint64_t snapshots = 0;  // Transactions have one each.
  // The age of the oldest snapshot. What was overwritten or deleted since then stays on disk. 0 without a snapshot.
  uint64_t oldest_snapshot_ms = 0;
  uint64_t iterators = 0;

  // Background work.
  uint64_t flushes = 0;
  uint64_t flush_bytes_written = 0;
  uint64_t compactions = 0;
  uint64_t compaction_bytes_read = 0;
  uint64_t compaction_bytes_written = 0;
  uint64_t trivial_moves = 0;
  uint64_t entries_dropped = 0;   // Hidden versions and spent tombstones.
  uint64_t entries_filtered = 0;  // Keys that compaction filters dropped.
  uint64_t compaction_debt_bytes = 0;
  uint64_t write_delays = 0;
  uint64_t write_delay_us = 0;
  uint64_t write_waits = 0;  // Hard waits: the memtables' share of memory was gone.

  Histogram get_ns;    // Sampled.
  Histogram write_ns;  // Sampled.
  Histogram sync_us;
  std::vector<LevelStats> levels;

  // One JSON object with every field above.
  [[nodiscard]] std::string ToJson() const;
};

}  // namespace amethyst
