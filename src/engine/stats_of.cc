#include "engine/stats_of.h"

#include <algorithm>

#include "engine/cursor_list.h"
#include "engine/followed_log.h"
#include "figures/reader.h"
#include "tree/file_names.h"

namespace amethyst::engine {

namespace {

void AddCache(const Database& database, Stats* stats) {
  const cache::CacheStats cache = database.budget->cache().stats();
  stats->cache_hits += cache.hits;
  stats->cache_misses = cache.misses;
  stats->blocks_read = cache.misses;
  stats->cache_evictions = cache.evictions;
  stats->cache_bytes = cache.resident_bytes;
  stats->cache_capacity_bytes = cache.capacity_bytes;
  stats->pinned_bytes = cache.pinned_bytes;
  stats->memory_bytes = cache.charged_bytes + database.budget->reserved_bytes();
}

void AddShape(const View& view, Stats* stats) {
  const auto is_memtable = [](const WriteBufferPtr& buffer) { return buffer->ingested == nullptr; };
  stats->memtables = 1 + static_cast<size_t>(std::ranges::count_if(view.immutable, is_memtable));
  stats->memtable_bytes = view.active->memtable.memory_bytes();
  for (const WriteBufferPtr& buffer : view.immutable) stats->memtable_bytes += buffer->memtable.memory_bytes();
  stats->levels.resize(key::kLevels);
  for (const tree::FamilyTree& tree : view.forest->families()) {
    const FamilyStats family = FamilyStatsOf(*tree.version);
    for (key::Level level = 0; level < key::kLevels; ++level) {
      LevelStats& sum = stats->levels[level];
      sum.tables += family.levels[level].tables;
      sum.runs += family.levels[level].runs;
      sum.bytes += family.levels[level].bytes;
      sum.entries += family.levels[level].entries;
      sum.deletes += family.levels[level].deletes;
    }
    stats->range_deletes += family.range_deletes;
    stats->range_delete_bytes += family.range_delete_bytes;
  }
}

// What only readers keep of the memtables, and what transactions hold in some of their own.
uint64_t PinnedMemtables(const Database& database, const View& view) {
  size_t needed = view.active->memtable.touched_bytes();
  for (const WriteBufferPtr& buffer : view.immutable) needed += buffer->memtable.touched_bytes();
  const size_t in_use = database.regions->in_use_bytes();
  return in_use - std::min(in_use, needed) + database.own_regions->in_use_bytes();
}

uint64_t MillisecondsSince(const Database& database, std::chrono::nanoseconds moment) {
  const std::chrono::nanoseconds age = database.environment->clock().Monotonic() - moment;
  return static_cast<uint64_t>(std::chrono::floor<std::chrono::milliseconds>(age).count());
}

void AddLag(const Database& database, const FollowedLog& log, Stats* stats) {
  const Storage& storage = database.storage;
  const FollowedLog::Reach reach = log.reach();
  FollowerLag& lag = stats->follower.emplace();
  if (reach.as_of) lag.age_ms = MillisecondsSince(database, *reach.as_of);
  stats->durable_sequence = key::Raw(reach.in_tables);
  io::FileSystem& files = storage.home->files();
  const Result<bool> is_open = files.IsLocked(storage.PathOf(tree::kLockFileName));
  if (!is_open || !*is_open) return;
  const Result<figures::Contents> shown = figures::Read(files, storage.PathOf(tree::kStatsFileName));
  if (!shown || shown->writer.database_uid != log.place().database_uid) return;
  lag.writer_sequence = shown->figures.stats.sequence;
  lag.writer_durable_sequence = shown->figures.stats.durable_sequence;
  const uint64_t known_durable = std::min(*lag.writer_durable_sequence, stats->sequence);
  stats->durable_sequence = std::max(stats->durable_sequence, known_durable);
}

}  // namespace

FamilyStats FamilyStatsOf(const tree::Version& version) {
  FamilyStats stats;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    const auto tables = version.tables(level);
    LevelStats shape{.tables = tables.size(), .runs = level == 0 ? tables.size() : (tables.empty() ? 0 : 1)};
    for (const tree::TablePtr& table : tables) {
      shape.bytes += table->info().file_bytes;
      shape.entries += table->info().entries;
      shape.deletes += table->info().deletes;
    }
    stats.levels.push_back(shape);
  }
  if (const tree::TablePtr& table = version.tombstone_table(); table != nullptr) {
    stats.range_deletes = table->info().entries;
    stats.range_delete_bytes = table->info().file_bytes;
  }
  return stats;
}

Stats StatsOf(const Database& database, bool open) {
  Stats stats;
  database.reads->statistics.FillIn(&stats);
  if (!open) return stats;
  stats.sequence = database.reads->visible.load(std::memory_order_acquire);
  if (database.storage.followed_log != nullptr) {
    AddLag(database, *database.storage.followed_log, &stats);
  } else if (database.storage.log == nullptr) {
    stats.durable_sequence = key::Raw(database.storage.catalog->flushed_sequence());
  } else {  // Never asks the catalog, which may be at a sync.
    const wal::LogStats log = database.storage.log->stats();
    stats.wal_bytes = log.bytes_appended;
    stats.wal_syncs = log.syncs;
    stats.feed_held_bytes = database.storage.log->held_bytes();
    stats.durable_sequence = key::Raw(database.storage.log->durable_sequence());
  }
  stats.cursors = database.storage.cursors->named_count();
  stats.cursors_lost = database.storage.cursors->lost();
  stats.wal_torn_tails = database.torn_tails;
  stats.wal_batches_recovered = database.batches_recovered;
  stats.open_files = database.storage.store->open_files();
  const uint64_t pins = database.reads->snapshots->count();  // Every iterator has one.
  stats.iterators = database.reads->iterators.load(std::memory_order_relaxed);
  stats.snapshots = pins - std::min(pins, stats.iterators);
  if (const auto since = database.reads->snapshots->OldestSince()) {
    stats.oldest_snapshot_ms = MillisecondsSince(database, *since);
  }
  AddCache(database, &stats);
  const ViewPtr view = database.reads->view.Acquire();
  stats.pinned_bytes += PinnedMemtables(database, *view);
  AddShape(*view, &stats);
  return stats;
}

}  // namespace amethyst::engine
