#include "amethyst/stats.h"

#include <fmt/format.h>

#include <algorithm>

namespace amethyst {

namespace {

std::string HistogramJson(const Histogram& histogram) {
  return fmt::format(R"({{"count":{},"sum":{},"max":{},"p50":{},"p99":{},"p999":{}}})", histogram.count, histogram.sum,
                     histogram.max, histogram.Percentile(0.5), histogram.Percentile(0.99), histogram.Percentile(0.999));
}

std::string LagJson(const FollowerLag& lag) {
  const auto number = [](const std::optional<uint64_t>& value) { return value ? fmt::to_string(*value) : "null"; };
  return fmt::format(R"({{"age_ms":{},"writer_sequence":{},"writer_durable_sequence":{}}})", number(lag.age_ms),
                     number(lag.writer_sequence), number(lag.writer_durable_sequence));
}

std::string LevelsJson(const std::vector<LevelStats>& levels) {
  std::string json = "[";
  for (size_t i = 0; i < levels.size(); ++i) {
    const LevelStats& level = levels[i];
    json += fmt::format(R"({}{{"level":{},"tables":{},"runs":{},"bytes":{},"entries":{},"deletes":{}}})",
                        i == 0 ? "" : ",", i, level.tables, level.runs, level.bytes, level.entries, level.deletes);
  }
  return json + "]";
}

// "writes":3, and so on, with a comma behind each.
std::string NumbersJson(const Stats& stats) {
  const struct {
    std::string_view name;
    uint64_t value;
  } numbers[] = {
#define AMETHYST_FIELD(name) {#name, stats.name}
      AMETHYST_FIELD(writes),
      AMETHYST_FIELD(entries_written),
      AMETHYST_FIELD(user_bytes_written),
      AMETHYST_FIELD(gets),
      AMETHYST_FIELD(gets_found),
      AMETHYST_FIELD(seeks),
      AMETHYST_FIELD(wal_bytes),
      AMETHYST_FIELD(wal_syncs),
      AMETHYST_FIELD(wal_torn_tails),
      AMETHYST_FIELD(wal_batches_recovered),
      AMETHYST_FIELD(cursors),
      AMETHYST_FIELD(cursors_lost),
      AMETHYST_FIELD(feed_held_bytes),
      AMETHYST_FIELD(filter_negatives),
      AMETHYST_FIELD(filter_false_positives),
      AMETHYST_FIELD(filters_lost),
      AMETHYST_FIELD(tables_consulted),
      AMETHYST_FIELD(blocks_read),
      AMETHYST_FIELD(cache_hits),
      AMETHYST_FIELD(cache_misses),
      AMETHYST_FIELD(cache_evictions),
      AMETHYST_FIELD(cache_bytes),
      AMETHYST_FIELD(cache_capacity_bytes),
      AMETHYST_FIELD(memtable_bytes),
      AMETHYST_FIELD(memtables),
      AMETHYST_FIELD(pinned_bytes),
      AMETHYST_FIELD(memory_bytes),
      AMETHYST_FIELD(open_files),
      AMETHYST_FIELD(range_deletes),
      AMETHYST_FIELD(range_delete_bytes),
      AMETHYST_FIELD(snapshots),
      AMETHYST_FIELD(oldest_snapshot_ms),
      AMETHYST_FIELD(iterators),
      AMETHYST_FIELD(flushes),
      AMETHYST_FIELD(flush_bytes_written),
      AMETHYST_FIELD(compactions),
      AMETHYST_FIELD(compaction_bytes_read),
      AMETHYST_FIELD(compaction_bytes_written),
      AMETHYST_FIELD(trivial_moves),
      AMETHYST_FIELD(entries_dropped),
      AMETHYST_FIELD(entries_filtered),
      AMETHYST_FIELD(compaction_debt_bytes),
      AMETHYST_FIELD(write_delays),
      AMETHYST_FIELD(write_delay_us),
      AMETHYST_FIELD(write_waits),
      AMETHYST_FIELD(sequence),
      AMETHYST_FIELD(durable_sequence),
#undef AMETHYST_FIELD
  };
  std::string json;
  for (const auto& [name, value] : numbers) json += fmt::format("\"{}\":{},", name, value);
  return json;
}

}  // namespace

LevelStats FamilyStats::Total() const {
  LevelStats total;
  for (const LevelStats& level : levels) {
    total.tables += level.tables;
    total.runs += level.runs;
    total.bytes += level.bytes;
    total.entries += level.entries;
    total.deletes += level.deletes;
  }
  return total;
}

std::string FamilyStats::ToJson() const {
  const LevelStats total = Total();
  return fmt::format(
      R"({{"tables":{},"runs":{},"bytes":{},"entries":{},"deletes":{},"range_deletes":{},"range_delete_bytes":{},)"
      R"("levels":{}}})",
      total.tables, total.runs, total.bytes, total.entries, total.deletes, range_deletes, range_delete_bytes,
      LevelsJson(levels));
}

uint64_t Histogram::Percentile(double fraction) const {
  const auto wanted = static_cast<uint64_t>(static_cast<double>(count) * fraction);
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    if (seen > wanted) return i == 0 ? 0 : std::min(max, (uint64_t{1} << i) - 1);
  }
  return max;
}

std::string Stats::ToJson() const {
  return fmt::format(R"({{{}"follower":{},"get_ns":{},"write_ns":{},"sync_us":{},"levels":{}}})", NumbersJson(*this),
                     follower ? LagJson(*follower) : "null", HistogramJson(get_ns), HistogramJson(write_ns),
                     HistogramJson(sync_us), LevelsJson(levels));
}

}  // namespace amethyst
