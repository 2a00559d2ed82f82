// What the writer of a database shows other processes: gathers it and hands it to the file STATS (figures/board.h).
//
// Nothing is shown before the tick runs: an open costs nothing, and a database that nobody writes makes no file. From
// then on it is shown after each change of the tree and at each tick, a hundredth of the time at most; at rest it is
// shown once more, and the file is let go of. Where the files are no system's, nothing is gathered. Thread safety: any
// thread; Close once nobody else calls.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "engine/database.h"
#include "engine/throttle.h"
#include "figures/board.h"

namespace amethyst::engine {

class FigurePublisher {
 public:
  // Both outlive it.
  FigurePublisher(Database& database, Throttle& throttle);

  // A writer that waits for memory, as long as this lives.
  class Waiting {
   public:
    explicit Waiting(FigurePublisher& figures) : count_(figures.waiting_) { count_.fetch_add(1); }
    ~Waiting() { count_.fetch_sub(1); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    std::atomic<uint32_t>& count_;
  };

  // From the first tick on. `stalled`: why background work waits for the next tick, if it does.
  void Begin() { begun_.store(true, std::memory_order_relaxed); }
  void Publish(const std::optional<Error>& stalled) noexcept AMETHYST_EXCLUDES(mutex_);
  // The last of a tick that rests.
  void Rest(const std::optional<Error>& stalled) noexcept AMETHYST_EXCLUDES(mutex_);
  // Shows how the database is left, if its file is open. No job runs any more.
  void Close(const std::optional<Error>& stalled) noexcept AMETHYST_EXCLUDES(mutex_);

  // What flushes have written since the last call. The flushing thread's.
  [[nodiscard]] uint64_t TakeFlushedBytes();
  [[nodiscard]] figures::Board* board() const { return board_.get(); }

 private:
  enum class When : uint8_t { kAtTimes, kNow };
  void Show(const std::optional<Error>& stalled, When when) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] figures::StallNow StallNow(const View& view, bool is_stalled) const;
  void NoteStall(figures::StallNow* now, const View& view, const std::optional<Error>& stalled)
      AMETHYST_REQUIRES(mutex_);

  Database& database_;
  Throttle& throttle_;
  std::unique_ptr<figures::Board> board_;  // nullptr where the file system has no such files, and after Close.
  std::atomic<bool> begun_{false};         // Set by the tick, read where figures are published.
  std::atomic<uint32_t> waiting_{0};       // Writers; counted by Waiting, read where figures are published.
  uint64_t flushed_bytes_ = 0;             // The flushing thread's.
  base::Mutex mutex_{base::LockRank::kPublisher};
  std::chrono::nanoseconds next_ AMETHYST_GUARDED_BY(mutex_){0};  // Not before it is anything shown again.
  figures::StallNow stall_ AMETHYST_GUARDED_BY(mutex_);           // As shown last.
};

}  // namespace amethyst::engine
