#include "engine/space_reserve.h"

#include <algorithm>

#include "base/assert.h"
#include "base/error.h"
#include "tree/file_names.h"

namespace amethyst::engine {

namespace {

// Tables have filters and indexes, too, and the manifest grows.
uint64_t TableBytes(uint64_t entry_bytes) { return entry_bytes + entry_bytes / 8 + SpaceReserve::kBytes / 16; }

}  // namespace

SpaceReserve::SpaceReserve(io::FileSystem& files, const std::string& directory)
    : files_(files), directory_(directory), path_(io::JoinPath(directory, tree::kReserveFileName)) {}

Status SpaceReserve::RemoveLeftover() {
  base::MutexLock lock(mutex_);
  const Result<bool> exists = files_.Exists(path_);
  if (!exists) return std::unexpected(exists.error());
  return *exists ? files_.Remove(path_) : Status();
}

bool SpaceReserve::Take() {
  base::MutexLock lock(mutex_);
  if (is_there_) return true;
  if (spending_ != 0) return false;
  const auto made = files_.CreateLogSegment(path_, {.capacity_bytes = kBytes, .mapped = false});
  is_there_ = made.has_value();
  const bool is_full = !is_there_ && made.error().code() == ErrorCode::kNoSpace;
  is_full_.store(is_full, std::memory_order_relaxed);
  return !is_full;
}

bool SpaceReserve::HasRoomFor(uint64_t unflushed_bytes) {
  return files_.FreeBytes(directory_) >= TableBytes(unflushed_bytes);
}

uint64_t SpaceReserve::RoomBeside(uint64_t unflushed_bytes) {
  if (!Take()) return 0;
  const uint64_t kept_bytes = TableBytes(2 * unflushed_bytes);
  const uint64_t free_bytes = files_.FreeBytes(directory_);
  const uint64_t room_bytes = free_bytes - std::min(free_bytes, kept_bytes);
  return room_bytes / 16 * 7;
}

Status SpaceReserve::CheckCanWait() {
  if (!is_full_.load(std::memory_order_relaxed) || Take()) return {};
  return base::MakeError(ErrorCode::kNoSpace, "{}: the disk is full, and what is free of it is kept for deletes",
                         directory_);
}

bool SpaceReserve::GiveUp() {
  base::MutexLock lock(mutex_);
  if (!std::exchange(is_there_, false)) return false;
  is_full_.store(true, std::memory_order_relaxed);
  return files_.Remove(path_).has_value();
}

bool SpaceReserve::Spend(base::FunctionRef<void()> work) {
  {
    base::MutexLock lock(mutex_);
    if (!is_there_) return false;
    ++spending_;
  }
  struct Spent {
    SpaceReserve& reserve;
    ~Spent() {
      base::MutexLock lock(reserve.mutex_);
      AMETHYST_ASSERT(reserve.spending_ > 0 && !reserve.is_there_);
      --reserve.spending_;
    }
  } const spent{*this};
  static_cast<void>(GiveUp());
  work();
  return true;
}

Status SpaceReserve::Support(base::FunctionRef<Status()> work, base::FunctionRef<void()> tidy_up) {
  Status done = work();
  if (done || done.error().code() != ErrorCode::kNoSpace) return done;
  tidy_up();
  if (!Spend([&] { done = work(); })) return done;
  tidy_up();
  // Where there is no space for it yet, the log takes it before it grows. After an error that stays nothing is written.
  if (done || base::ClearsByItself(done.error())) static_cast<void>(Take());
  return done;
}

}  // namespace amethyst::engine
