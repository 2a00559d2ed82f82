// What a log and those who read it while it grows know of each other: which segments they still need, and when to look
// again.
//
// A LogHold names the oldest segment that its owner needs; that one and all later ones stay until it moves on or ends.
// Nobody waits for a hold: the log asks before it removes segments. A wake-up is a count that grows: a reader takes it,
// looks for something to read, and sleeps until it has changed; so none is lost. Without readers a wake-up costs one
// addition. Thread safety: any thread; one hold by one thread at a time. Both may outlive the log.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>

#include "base/mutex.h"
#include "io/environment.h"
#include "key/types.h"

namespace amethyst::wal {

class LogReaders {
 public:
  void AddHold(key::FileNumber first);
  void MoveHold(key::FileNumber from, key::FileNumber to) noexcept;
  void RemoveHold(key::FileNumber first) noexcept;
  // The oldest segment that a reader needs; nullopt: they need none.
  [[nodiscard]] std::optional<key::FileNumber> LeastHeld() const;
  // The first segment that is to stay, where recovery needs none before `first_needed`, nor before what an earlier call
  // said.
  [[nodiscard]] key::FileNumber FirstToKeep(key::FileNumber first_needed);
  // The greatest that a call of FirstToKeep said.
  [[nodiscard]] key::FileNumber first_needed() const;

  // To be taken before looking at what Wait is to wait for.
  [[nodiscard]] uint64_t wakes() const { return wakes_.load(); }
  void Wake() noexcept;
  // Returns once there was a Wake since `seen` was taken: false if `timeout` ran out before.
  bool Wait(io::Executor& executor, uint64_t seen, std::chrono::microseconds timeout);

 private:
  std::atomic<uint64_t> wakes_{0};  // Counted up before sleepers_ is looked at; looked at by a sleeper after it counts.
  std::atomic<uint32_t> sleepers_{0};
  mutable base::Mutex mutex_{base::LockRank::kLogReaders};
  base::CondVar woken_;
  std::multiset<key::FileNumber> held_ AMETHYST_GUARDED_BY(mutex_);
  key::FileNumber first_needed_ AMETHYST_GUARDED_BY(mutex_){};
};

class LogHold {
 public:
  LogHold() = default;  // Of nothing.
  // All segments from `first` on, as far as they are there.
  LogHold(std::shared_ptr<LogReaders> readers, key::FileNumber first);
  ~LogHold() { Release(); }
  LogHold(LogHold&& other) noexcept = default;
  LogHold& operator=(LogHold&& other) noexcept;
  LogHold(const LogHold&) = delete;
  LogHold& operator=(const LogHold&) = delete;

  // Lets go of the segments before `first`, which is not before the one so far.
  void MoveTo(key::FileNumber first) noexcept;
  void Release() noexcept;

 private:
  std::shared_ptr<LogReaders> readers_;
  key::FileNumber first_{};
};

}  // namespace amethyst::wal
