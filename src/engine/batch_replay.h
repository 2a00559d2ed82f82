// Batches of the log, on their way back into a memtable: at recovery, and in a follower. Thread safety: pure functions;
// the memtable's writer calls them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "amethyst/error.h"
#include "key/types.h"
#include "memtable/memtable.h"
#include "tree/forest.h"
#include "wal/log_recovery.h"

namespace amethyst::engine {

[[nodiscard]] inline key::SequenceNumber LastOf(const wal::RecoveredBatch& batch) {
  return batch.first + (batch.count - 1);
}

// That each entry's family is there or was: the log never names one before the manifest has it.
[[nodiscard]] Status CheckFamilies(const tree::Forest& forest, const wal::RecoveredBatch& batch);

// What the memtable must have room for.
[[nodiscard]] size_t MemoryOf(const wal::RecoveredBatch& batch);

// Puts the entries in, except those of families that were dropped, which are counted. There is room.
void InsertBatch(const tree::Forest& forest, const wal::RecoveredBatch& batch, memtable::Memtable* memtable,
                 uint64_t* dropped);

}  // namespace amethyst::engine
