#include "base/lock_rank.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

#include "base/assert.h"

namespace amethyst::base {

const char* LockRankName(LockRank rank) {
  switch (rank) {
    case LockRank::kProgram: return "kProgram";
    case LockRank::kClose: return "kClose";
    case LockRank::kFollower: return "kFollower";
    case LockRank::kOptions: return "kOptions";
    case LockRank::kPublisher: return "kPublisher";
    case LockRank::kFamilies: return "kFamilies";
    case LockRank::kFeedCursors: return "kFeedCursors";
    case LockRank::kCommit: return "kCommit";
    case LockRank::kScheduler: return "kScheduler";
    case LockRank::kThrottle: return "kThrottle";
    case LockRank::kCatalog: return "kCatalog";
    case LockRank::kCurrentVersion: return "kCurrentVersion";
    case LockRank::kView: return "kView";
    case LockRank::kReplacedViews: return "kReplacedViews";
    case LockRank::kSnapshots: return "kSnapshots";
    case LockRank::kDeadStretches: return "kDeadStretches";
    case LockRank::kCompactionParts: return "kCompactionParts";
    case LockRank::kOperations: return "kOperations";
    case LockRank::kDurableWaits: return "kDurableWaits";
    case LockRank::kErrorLatch: return "kErrorLatch";
    case LockRank::kDeleteClock: return "kDeleteClock";
    case LockRank::kSpaceReserve: return "kSpaceReserve";
    case LockRank::kLog: return "kLog";
    case LockRank::kLogSupply: return "kLogSupply";
    case LockRank::kLogReaders: return "kLogReaders";
    case LockRank::kTableStore: return "kTableStore";
    case LockRank::kFileRemoval: return "kFileRemoval";
    case LockRank::kOpenFiles: return "kOpenFiles";
    case LockRank::kMemtableMemory: return "kMemtableMemory";
    case LockRank::kCacheShard: return "kCacheShard";
    case LockRank::kCacheLoad: return "kCacheLoad";
    case LockRank::kFrameMemory: return "kFrameMemory";
    case LockRank::kHandles: return "kHandles";
    case LockRank::kFigures: return "kFigures";
    case LockRank::kEvents: return "kEvents";
    case LockRank::kExecutor: return "kExecutor";
    case LockRank::kFollowerPause: return "kFollowerPause";
    case LockRank::kFollowedLog: return "kFollowedLog";
    case LockRank::kFileDecorator: return "kFileDecorator";
    case LockRank::kFileRecord: return "kFileRecord";
    case LockRank::kDirectoryLocks: return "kDirectoryLocks";
    case LockRank::kReaderMarks: return "kReaderMarks";
    case LockRank::kFileSystem: return "kFileSystem";
    case LockRank::kMemoryFile: return "kMemoryFile";
    case LockRank::kLogWindow: return "kLogWindow";
    case LockRank::kEpoch: return "kEpoch";
    case LockRank::kDeviceCalls: return "kDeviceCalls";
  }
  return "unknown";
}

#ifndef NDEBUG
namespace {

// The ranks that a thread holds, in the order in which it took them. Needs no destructor: locks are taken until a
// thread's very end.
struct HeldRanks {
  std::array<LockRank, 16> ranks;
  size_t count;
};
thread_local HeldRanks held{};

}  // namespace

void RankedLock::CheckOrder() const {
  for (size_t i = 0; i < held.count; ++i) {
    if (held.ranks[i] < rank_) continue;
    char message[128];
    std::snprintf(message, sizeof message, "lock order: %s is taken while %s is held", LockRankName(rank_),
                  LockRankName(held.ranks[i]));
    AssertionFailed(message, __FILE__, __LINE__);  // I21
  }
}

void RankedLock::NoteTaken() const {
  AMETHYST_ASSERT(held.count < held.ranks.size());
  held.ranks[held.count++] = rank_;
}

void RankedLock::NoteReleased() const {
  const auto end = held.ranks.begin() + static_cast<std::ptrdiff_t>(held.count);
  const auto place = std::find(held.ranks.begin(), end, rank_);
  AMETHYST_ASSERT(place != end);
  std::copy(place + 1, end, place);
  --held.count;
}
#endif

}  // namespace amethyst::base
