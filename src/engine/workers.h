// The threads of an open database, and how many of them may do what.
//
// Thread safety: set while opening, then constant, except flush_rests and the numbers, which Share may change.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/changeable.h"
#include "figures/running_jobs.h"
#include "io/environment.h"

namespace amethyst::engine {

struct Workers {
  std::unique_ptr<io::Executor> compactions;   // nullptr in a read-only database.
  std::unique_ptr<io::Executor> flushes;       // And log segments and chores: they never wait behind a compaction.
  std::unique_ptr<io::Executor> callbacks;     // Of DurableWaits, one after the other. nullptr as the first.
  base::Changeable<uint32_t> threads{};        // For compactions: how many plans, or parts of one plan, run at once.
  base::Changeable<uint32_t> spare_threads{};  // More of them while writes rest.
  figures::RunningJobs jobs{};                 // That run on them, for those who look on.
  std::atomic<bool> flush_rests{false};        // Writes do not press: compactions may take the flush's processor too.

  // Of the executor as many threads as it has, or less, for either.
  void Share(uint32_t wanted, uint32_t wanted_spare) {
    compactions->SetThreadCount(wanted + wanted_spare);
    const uint32_t there = std::max(compactions->thread_count(), 1u);
    const uint32_t used = std::min(wanted, there);
    threads = used;
    spare_threads = std::min(wanted_spare, there - used);
  }
};

}  // namespace amethyst::engine
