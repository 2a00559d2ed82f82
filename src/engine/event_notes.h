// What the parts of the engine note in order to tell of it: beginnings and ends, and what an edit has made.
//
// Thread safety: as each says.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/events.h"
#include "tree/forest.h"
#include "tree/version_edit.h"

namespace amethyst::engine {

// The caller's log is in tables up to there.
void TellDurable(Events& events, uint64_t index) noexcept;
// One for each table that readers see from now on.
void TellTablesMade(Events& events, const tree::Forest& forest, const std::vector<tree::AddedTable>& tables) noexcept;
void TellTablesMade(Events& events, const tree::FamilyDescription& family,
                    const std::vector<tree::AddedTable>& tables) noexcept;

// One delay of writes, of which one cause holds at a time: tells when it begins, changes and ends. Thread safety: one
// thread at a time.
class DelayNote {
 public:
  void Set(Events& events, DelayCause cause) noexcept {
    if (cause == cause_) return;
    if (cause_ != DelayCause::kNone) events.Tell([this] { return Event{EventKind::kWriteDelayEnd, cause_}; });
    if (cause != DelayCause::kNone) events.Tell([cause] { return Event{EventKind::kWriteDelayBegin, cause}; });
    cause_ = cause;
  }

 private:
  DelayCause cause_ = DelayCause::kNone;
};

// Work that waits for what clears by itself: tells once when it begins to wait, and when it goes on. Any thread.
class StallNote {
 public:
  void Waits(Events& events, const Error& error) noexcept;
  void GoesOn(Events& events) noexcept;

 private:
  std::atomic<bool> waits_{false};
};

// Writers that wait for room in memory. Under its owner's lock.
struct WaitingWriters {
  uint64_t count = 0;
  DelayNote delay{};

  class Wait {
   public:
    Wait(WaitingWriters* writers, Events& events) : writers_(*writers), events_(events) {
      ++writers_.count;
      writers_.delay.Set(events_, DelayCause::kMemtables);
    }
    ~Wait() {
      if (--writers_.count == 0) writers_.delay.Set(events_, DelayCause::kNone);
    }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    WaitingWriters& writers_;
    Events& events_;
  };
};

// Compares the clocks, if somebody listens: tells where wall time has moved against the monotonic clock. One thread at
// a time.
class ClockWatch {
 public:
  static constexpr std::chrono::milliseconds kJumpMin{5000};

  void Look(io::Clock& clock, Events& events) noexcept;

 private:
  std::optional<std::chrono::milliseconds> offset_;  // Of wall time, when last seen.
};

// Those of the scheduler, each as it says.
struct BackgroundNotes {
  StallNote flush_stall{};
  StallNote compaction_stall{};
  ClockWatch clock_watch{};          // The tick's.
  WaitingWriters waiting_writers{};  // Under the scheduler's lock.
};

}  // namespace amethyst::engine
