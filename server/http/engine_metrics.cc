// What /metrics says of the engine: its levels, tables, log, cache and background work.
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "amethyst/stats.h"
#include "server/http/metrics.h"

namespace amethyst::server {

namespace {

constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;

struct Figure {
  MetricType type;
  std::string_view name;
  std::string_view help;
  uint64_t Stats::* value;
};
constexpr Figure kFigures[] = {
    {kCounter, "amethyst_engine_writes_total", "Batches committed.", &Stats::writes},
    {kCounter, "amethyst_engine_entries_written_total", "Entries of these.", &Stats::entries_written},
    {kCounter, "amethyst_engine_user_bytes_written_total", "Keys and values of these.", &Stats::user_bytes_written},
    {kCounter, "amethyst_engine_gets_total", "Look-ups of one key.", &Stats::gets},
    {kCounter, "amethyst_engine_gets_found_total", "Of these those that found it.", &Stats::gets_found},
    {kCounter, "amethyst_engine_seeks_total", "Moves of iterators to a key.", &Stats::seeks},
    {kCounter, "amethyst_engine_wal_bytes_total", "Bytes appended to the log.", &Stats::wal_bytes},
    {kCounter, "amethyst_engine_wal_syncs_total", "Syncs of the log to disk.", &Stats::wal_syncs},
    {kGauge, "amethyst_engine_wal_held_bytes", "Log that is kept for readers of changes alone.",
     &Stats::feed_held_bytes},
    {kCounter, "amethyst_engine_filter_negatives_total", "Tables that a filter spared a look-up.",
     &Stats::filter_negatives},
    {kCounter, "amethyst_engine_filter_false_positives_total", "Tables searched for nothing despite their filter.",
     &Stats::filter_false_positives},
    {kCounter, "amethyst_engine_tables_consulted_total", "Tables that look-ups searched.", &Stats::tables_consulted},
    {kCounter, "amethyst_engine_blocks_read_total", "Blocks that reads took from files.", &Stats::blocks_read},
    {kCounter, "amethyst_engine_cache_hits_total", "Blocks that reads found in the cache.", &Stats::cache_hits},
    {kCounter, "amethyst_engine_cache_misses_total", "Blocks that reads did not find in the cache.",
     &Stats::cache_misses},
    {kCounter, "amethyst_engine_cache_evictions_total", "Blocks that made room for others.", &Stats::cache_evictions},
    {kGauge, "amethyst_engine_cache_bytes", "Bytes in the cache.", &Stats::cache_bytes},
    {kGauge, "amethyst_engine_cache_capacity_bytes", "Bytes that the cache may have.", &Stats::cache_capacity_bytes},
    {kGauge, "amethyst_engine_memtable_bytes", "Writes in memory that are in no table yet.", &Stats::memtable_bytes},
    {kGauge, "amethyst_engine_memtables", "The memtable that fills, and those that wait for a flush.",
     &Stats::memtables},
    {kGauge, "amethyst_engine_pinned_bytes", "Memory that iterators, snapshots and values in use hold.",
     &Stats::pinned_bytes},
    {kGauge, "amethyst_engine_memory_bytes", "All memory that is charged to the engine's budget.",
     &Stats::memory_bytes},
    {kGauge, "amethyst_engine_open_files", "Files of tables that are open.", &Stats::open_files},
    {kGauge, "amethyst_engine_range_deletes", "Stretches of keys in which a range delete still hides something.",
     &Stats::range_deletes},
    {kGauge, "amethyst_engine_snapshots", "Snapshots that are held.", &Stats::snapshots},
    {kGauge, "amethyst_engine_iterators", "Iterators that are open.", &Stats::iterators},
    {kCounter, "amethyst_engine_flushes_total", "Memtables written to tables.", &Stats::flushes},
    {kCounter, "amethyst_engine_flush_written_bytes_total", "Bytes of tables that flushes wrote.",
     &Stats::flush_bytes_written},
    {kCounter, "amethyst_engine_table_moves_total", "Tables moved down a level without being rewritten.",
     &Stats::trivial_moves},
    {kCounter, "amethyst_engine_entries_dropped_total", "Hidden versions and spent deletes that compactions dropped.",
     &Stats::entries_dropped},
    {kGauge, "amethyst_engine_compaction_debt_bytes", "Bytes that compactions have yet to rewrite.",
     &Stats::compaction_debt_bytes},
    {kCounter, "amethyst_engine_write_delays_total", "Writes that were slowed down.", &Stats::write_delays},
    {kCounter, "amethyst_engine_write_waits_total", "Writes that waited because the memory for writes was full.",
     &Stats::write_waits},
};

void AddLevels(const Stats& stats, MetricText& text) {
  const auto add = [&](std::string_view name, std::string_view help, uint64_t LevelStats::* value) {
    text.Begin(kGauge, name, help);
    for (size_t level = 0; level < stats.levels.size(); ++level) {
      text.Add(stats.levels[level].*value, {{"level", std::to_string(level)}});
    }
  };
  add("amethyst_engine_level_tables", "Tables of a level.", &LevelStats::tables);
  add("amethyst_engine_level_runs", "Sorted runs of a level.", &LevelStats::runs);
  add("amethyst_engine_level_bytes", "Bytes of a level on disk.", &LevelStats::bytes);
  add("amethyst_engine_level_entries", "Entries of a level.", &LevelStats::entries);
  add("amethyst_engine_level_deletes", "Entries of a level that are deletes.", &LevelStats::deletes);
}

// Buckets from 2^first to 2^last units, each `step` times two the one before.
struct Powers {
  size_t first;
  size_t last;
  size_t step;
  double units_of_second;
};
void AddTimes(const Histogram& histogram, const Powers& powers, MetricText& text) {
  std::vector<MetricText::Bucket> buckets;
  std::deque<std::string> ends;
  uint64_t count = 0;
  for (size_t i = 0; i <= powers.last; ++i) {
    count += histogram.buckets[i];
    if (i < powers.first || (i - powers.first) % powers.step != 0) continue;
    ends.push_back(MetricText::Number(static_cast<double>(uint64_t{1} << i) / powers.units_of_second));
    buckets.push_back({ends.back(), count});
  }
  text.AddHistogram(buckets, {histogram.count, static_cast<double>(histogram.sum) / powers.units_of_second});
}

void AddCompactions(const EngineCounts::Counts& counts, MetricText& text) {
  const auto add = [&](std::string_view name, std::string_view help, uint64_t EngineCounts::Compactions::* value) {
    text.Begin(kCounter, name, help);
    for (size_t i = 0; i < counts.compactions.size(); ++i) {
      text.Add(counts.compactions[i].*value, {{"reason", CompactionReasons()[i]}});
    }
  };
  using Compactions = EngineCounts::Compactions;
  add("amethyst_engine_compactions_total", "Compactions, by the planner's reason.", &Compactions::count);
  add("amethyst_engine_compaction_read_bytes_total", "Bytes of tables that compactions read.",
      &Compactions::bytes_read);
  add("amethyst_engine_compaction_written_bytes_total", "Bytes of tables that compactions wrote.",
      &Compactions::bytes_written);
}

void AddDelays(const Stats& stats, const EngineCounts::Counts& counts, TimeMs now_ms, MetricText& text) {
  text.Begin(kCounter, "amethyst_engine_write_delay_seconds_total", "Time that slowed writes have waited.");
  text.Add(static_cast<double>(stats.write_delay_us) / 1e6);
  text.Begin(kGauge, "amethyst_engine_writes_delayed", "1 while writes are slowed down or wait, by the cause.");
  for (size_t i = 1; i < counts.delays.size(); ++i) {
    text.Add(uint64_t{counts.delays[i].is_on}, {{"cause", DelayCauseName(static_cast<DelayCause>(i))}});
  }
  text.Begin(kCounter, "amethyst_engine_writes_delayed_seconds_total", "How long they were, by the cause.");
  for (size_t i = 1; i < counts.delays.size(); ++i) {
    const EngineCounts::Delay& delay = counts.delays[i];
    std::chrono::duration<double> time = delay.before;
    const std::chrono::milliseconds now(now_ms);
    if (delay.is_on && now > delay.since.time_since_epoch()) time += now - delay.since.time_since_epoch();
    text.Add(time.count(), {{"cause", DelayCauseName(static_cast<DelayCause>(i))}});
  }
}

}  // namespace

void AddEngineMetrics(const Stats& stats, const EngineCounts::Counts& counts, TimeMs now_ms, MetricText& text) {
  for (const Figure& figure : kFigures) {
    text.Begin(figure.type, figure.name, figure.help);
    text.Add(stats.*figure.value);
  }
  AddLevels(stats, text);
  text.Begin(MetricType::kHistogram, "amethyst_engine_get_duration_seconds", "Time of look-ups: of one in 256.");
  AddTimes(stats.get_ns, {8, 30, 2, 1e9}, text);
  text.Begin(MetricType::kHistogram, "amethyst_engine_write_duration_seconds", "Time of commits: of one in 256.");
  AddTimes(stats.write_ns, {8, 30, 2, 1e9}, text);
  text.Begin(MetricType::kHistogram, "amethyst_engine_sync_duration_seconds", "Time of syncs to disk.");
  AddTimes(stats.sync_us, {4, 24, 2, 1e6}, text);
  AddCompactions(counts, text);
  AddDelays(stats, counts, now_ms, text);
  text.Begin(kCounter, "amethyst_engine_failed_jobs_total", "Flushes and compactions that failed.");
  text.Add(counts.failed_jobs);
  text.Begin(kCounter, "amethyst_engine_lost_events_total", "Events that were too many to be counted here.");
  text.Add(counts.lost_events);
  text.Begin(kGauge, "amethyst_engine_error_latched", "1 if the database takes no write until it is opened again.");
  text.Add(uint64_t{counts.has_error_latched});
  text.Begin(kGauge, "amethyst_engine_error_waiting", "1 while background work waits for space, memory or files.");
  text.Add(uint64_t{counts.has_error_waiting});
}

}  // namespace amethyst::server
