// The time by which deletes age, for Options::delete_deadline_s: a clock of the database's own, in seconds.
//
// Wall time where that behaves. A wall clock that was ahead when a delete was written, or is set back later, would put
// off the deadline by the size of the jump; so this clock never goes back, over all opens, and while the database is
// open it is never slower than the monotonic clock. What it is ahead of wall time it stays ahead, and the manifest
// keeps both (tree::DeleteTime), so that time passes while the database is closed, too. A clock that jumps ahead makes
// deletes due early, which harms nobody. Thread safety: any thread.
#pragma once

#include <cstdint>

#include "base/mutex.h"
#include "io/environment.h"
#include "tree/version_edit.h"

namespace amethyst::engine {

class DeleteClock {
 public:
  // Goes on from what the manifest says; `clock` must outlive it.
  DeleteClock(io::Clock& clock, const tree::DeleteTime& noted);

  [[nodiscard]] uint64_t Seconds() AMETHYST_EXCLUDES(mutex_);
  // For an edit of the manifest.
  [[nodiscard]] tree::DeleteTime Mark() AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] uint64_t SecondsSinceMark() AMETHYST_EXCLUDES(mutex_);

 private:
  [[nodiscard]] tree::DeleteTime Now() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] uint64_t WallSeconds() const;

  io::Clock& clock_;
  base::Mutex mutex_{base::LockRank::kDeleteClock};
  tree::DeleteTime since_ AMETHYST_GUARDED_BY(mutex_);  // The time at `since_monotonic_`.
  std::chrono::nanoseconds since_monotonic_ AMETHYST_GUARDED_BY(mutex_);
  uint64_t marked_s_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::engine
