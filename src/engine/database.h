// One open database, as data: its parts, put together.
//
// A struct, not an actor: it decides nothing. Each unit is handed the parts that it needs; all of it is for opening,
// closing and statistics. Parts are set while opening, before any other thread sees them, and stay until Close has
// waited for everybody. Thread safety: as each part says.
#pragma once

#include <cstdint>
#include <memory>

#include "cache/memory_budget.h"
#include "engine/family.h"
#include "engine/health.h"
#include "engine/read_context.h"
#include "engine/settings.h"
#include "engine/storage.h"
#include "engine/workers.h"
#include "engine/write_buffers.h"
#include "io/environment.h"

namespace amethyst::engine {

class Follower;

struct Database {
  Settings settings;
  std::shared_ptr<io::Environment> environment;  // For clock and threads.
  std::shared_ptr<cache::MemoryBudget> budget;
  bool budget_is_shared = false;
  Health health;
  Workers workers;
  Storage storage;
  Family family;  // The default one.
  std::shared_ptr<memtable::RegionPool> regions;
  std::shared_ptr<memtable::RegionPool>
      own_regions;  // For the memtables of batches that are read before they are written.
  std::shared_ptr<ReadContext> reads;
  std::unique_ptr<WriteBuffers> write_buffers;
  std::shared_ptr<Follower> follower{};      // nullptr in any other.
  uint64_t torn_tails = 0;                   // That recovery cut.
  uint64_t batches_recovered = 0;            // That it read from the log, and no table held.
  uint64_t entries_of_dropped_families = 0;  // That it found in the log, and left out.
  std::shared_ptr<Database> itself;          // In a forked child that has let go of it: so that it is never destroyed.
};

}  // namespace amethyst::engine
