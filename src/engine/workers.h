// The threads of an open database, and how many of them may do what.
//
// Thread safety: set while opening, then constant, except flush_rests.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "io/environment.h"

namespace amethyst::engine {

struct Workers {
  std::unique_ptr<io::Executor> compactions;  // nullptr in a read-only database.
  std::unique_ptr<io::Executor> flushes;      // And log segments and chores: they never wait behind a compaction.
  std::unique_ptr<io::Executor> callbacks;    // Of DurableWaits, one after the other. nullptr as the first.
  uint32_t threads = 0;                       // For compactions: how many plans, or parts of one plan, run at once.
  uint32_t spare_threads = 0;                 // More of them while writes rest.
  std::atomic<bool> flush_rests{false};       // Writes do not press: compactions may take the flush's processor too.
};

}  // namespace amethyst::engine
