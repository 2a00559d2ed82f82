// The writer's side of STATS: makes the file when there is something to show, keeps it while the database is at work,
// and lets go of it when that rests.
//
// Nothing here ever fails for the caller. A file that cannot be made or written is tried again a minute later; one of
// that name which is not ours stays as it is. A file of an earlier writer goes on, with its events. Thread safety: any
// thread. The lock is held over the file's I/O, which is rare and short; none is ever synced.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "figures/figures.h"
#include "figures/layout.h"
#include "io/environment.h"

namespace amethyst::figures {

class Board {
 public:
  // `environment` outlives it. Makes nothing.
  Board(io::Environment& environment, std::string path, const base::Uid& database_uid);

  // Fills in times and counts. Opens the file if it is not open.
  void Publish(Figures figures) noexcept AMETHYST_EXCLUDES(mutex_);
  // Where the file is not open, it waits for the next Publish: some of them, and the latest are left out.
  void Record(Event event) noexcept AMETHYST_EXCLUDES(mutex_);
  // False while the file could not be had: then what Publish would show need not be gathered.
  [[nodiscard]] bool Shows() const AMETHYST_EXCLUDES(mutex_);
  // Closes the file until the next Publish.
  void Rest() noexcept AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] bool IsOpen() const AMETHYST_EXCLUDES(mutex_);

 private:
  [[nodiscard]] Status Open() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status GoOn(std::string_view head) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status Store(size_t at, const Words& words, uint64_t while_changing) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status StoreEvent(Event event) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] Status StoreFigures(Figures* figures) AMETHYST_REQUIRES(mutex_);
  void GiveUp() AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] uint64_t NowMs() const;

  io::Environment& environment_;
  const std::string path_;
  const Writer writer_;
  mutable base::Mutex mutex_{base::LockRank::kFigures};
  std::unique_ptr<io::SharedFile> file_ AMETHYST_GUARDED_BY(mutex_);
  std::chrono::nanoseconds not_before_ AMETHYST_GUARDED_BY(mutex_){0};  // When to try again to open it.
  uint64_t sequence_ AMETHYST_GUARDED_BY(mutex_) = 0;                   // Of the slot that was written last.
  uint64_t updates_ AMETHYST_GUARDED_BY(mutex_) = 0;
  uint64_t events_ AMETHYST_GUARDED_BY(mutex_) = 0;
  std::vector<Event> waiting_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::figures
