// A file of 1 MiB, allocated and empty, that a database keeps beside its own: what it lives on when the disk is full.
//
// Deletes, flushes, and the compactions that a caller asks for free space, but need some first: a log segment, a table,
// an edit of the manifest. When one of them finds no space, the reserve is given up and the call is tried again. Until
// there is space to take it anew, the log grows by deletes alone, and the compactions that nobody asked for stop and
// free what they took, so that no other use can eat it up.
//
// A small database has none: it is taken when the log outgrows its first segment, or at open where the tables hold
// kFromBytes, and goes at a close where they hold less. What is left by a crash or a copy is removed and taken anew:
// the file's bytes mean nothing. Thread safety: any thread. Its lock is held over its own I/O, which is rare and
// short.
#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "base/function_ref.h"
#include "base/mutex.h"
#include "io/file_system.h"

namespace amethyst::engine {

class SpaceReserve {
 public:
  static constexpr uint64_t kBytes = uint64_t{1} << 20;
  static constexpr uint64_t kFromBytes = 4 * kBytes;  // Of tables.

  SpaceReserve(io::FileSystem& files, const std::string& directory);

  // Removes what an earlier open has left: so all that opening writes finds space.
  [[nodiscard]] Status RemoveLeftover() AMETHYST_EXCLUDES(mutex_);
  // Takes it unless it is there. False if there is no space for it; no other trouble counts.
  [[nodiscard]] bool Take() AMETHYST_EXCLUDES(mutex_);
  // Whether tables with that many bytes of entries find room on the disk, as far as one can tell.
  [[nodiscard]] bool HasRoomFor(uint64_t unflushed_bytes);
  // How much the log may take for a segment while that many bytes are in memory and have to be flushed: half of what is
  // free beside twice of them, for what the segments have room for will have to be flushed, too; 0 without the reserve.
  [[nodiscard]] uint64_t RoomBeside(uint64_t unflushed_bytes) AMETHYST_EXCLUDES(mutex_);
  // For work that can wait: kNoSpace while the disk has no space for the reserve.
  [[nodiscard]] Status CheckCanWait() AMETHYST_EXCLUDES(mutex_);
  // Set when the reserve is given up or cannot be taken, until it can.
  [[nodiscard]] const std::atomic<bool>& is_full() const { return is_full_; }
  // Removes it. True if it was there: its space is free now.
  [[nodiscard]] bool GiveUp() AMETHYST_EXCLUDES(mutex_);
  // Gives it up and runs `work`, until whose end nobody can take it anew. False if there was none, without running it.
  [[nodiscard]] bool Spend(base::FunctionRef<void()> work) AMETHYST_EXCLUDES(mutex_);
  // What `work` returns, which lets space be freed. If it finds none, what it left is removed by `tidy_up`, and it is
  // tried once more with the reserve given up.
  [[nodiscard]] Status Support(base::FunctionRef<Status()> work, base::FunctionRef<void()> tidy_up)
      AMETHYST_EXCLUDES(mutex_);

 private:
  io::FileSystem& files_;
  const std::string directory_;
  const std::string path_;
  base::Mutex mutex_{base::LockRank::kSpaceReserve};
  bool is_there_ AMETHYST_GUARDED_BY(mutex_) = false;
  int spending_ AMETHYST_GUARDED_BY(mutex_) = 0;
  std::atomic<bool> is_full_{false};  // Written under the lock.
};

}  // namespace amethyst::engine
