// Reading a database that another process has open for writing (DB::OpenFollower). Thread safety: plain values.
#pragma once

#include <cstdint>

#include "amethyst/options.h"

namespace amethyst {

struct FollowerOptions {
  // What concerns reads: memory_budget_bytes, max_open_files, comparator, families with their functions. The writer's
  // memtables are rebuilt here from its log, beside that memory: as much as it has not flushed yet.
  Options options{};
  // How long the follower lets pass before it looks what the writer has done, in milliseconds; 0: it looks in
  // DB::Refresh alone. While there is something new it looks more often, as long as that takes less than half of a
  // processor.
  uint32_t refresh_interval_ms = 100;
  // How long the writer keeps files for a state that it has left and that this follower still shows, by itself or by a
  // snapshot or an iterator, in seconds, rounded up to a power of two. A read that needs a file which is gone is
  // kTooOld; after DB::Refresh new reads see the state of then. Raise it for iterators that take long.
  uint32_t grace_s = 60;
};

}  // namespace amethyst
