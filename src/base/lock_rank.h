// The order in which locks are taken: a thread takes a lock only while all that it holds rank before it.
//
// Two threads that take the same locks in different orders can wait for each other forever, and tests seldom show it.
// With one order for all locks no such circle exists. Every Mutex has a rank, and builds with AMETHYST_DCHECK check
// each lock against those that its thread holds; other builds keep no ranks and pay nothing. Locks of one rank are
// never held together. A lock is held over no I/O, unless a remark below says so. Thread safety: any thread.
#pragma once

#include <cstdint>

namespace amethyst::base {

// From the outermost to the innermost.
enum class LockRank : uint8_t {
  kProgram,      // A program around the library, or a test.
  kClose,        // engine::Engine; held over all of Close, and so over its I/O and the logger.
  kOptions,      // engine::OptionChange; held over the manifest's I/O.
  kPublisher,    // engine::FigurePublisher; held over the figures' I/O, as kFigures.
  kFollower,     // engine::Follower; held over all that it reads.
  kFamilies,     // engine::FamilyList; held over the manifest's I/O.
  kFeedCursors,  // engine::CursorList; held over the manifest's I/O.
  kCommit,       // The commit lock, held over stores to the log. The engine's own is no Mutex (engine/commit_queue.h).
  kScheduler,    // engine::Background
  kThrottle,     // engine::Throttle
  kCatalog,      // catalog::Catalog; held over the manifest's I/O.
  kCurrentVersion,   // catalog::Catalog
  kView,             // engine::ViewCell
  kReplacedViews,    // engine::Committer
  kSnapshots,        // engine::SnapshotList
  kDeadStretches,    // engine::DeadStretches
  kCompactionParts,  // engine: the parts of one compaction, finished or not
  kOperations,       // engine::OperationGate
  kDurableWaits,     // engine::DurableWaits
  kErrorLatch,       // engine::ErrorLatch
  kDeleteClock,      // engine::DeleteClock
  kSpaceReserve,     // engine::SpaceReserve; held over its I/O, which is rare and short.
  kLog,              // wal::Log
  kLogSupply,        // wal::SegmentSupply
  kLogReaders,       // wal::LogReaders
  kTableStore,       // tree::TableStore
  kFileRemoval,      // tree::FileRemoval; held while somebody is asked for who reads a file, which never waits.
  kOpenFiles,        // tree::OpenFiles
  kMemtableMemory,   // memtable::RegionPool
  kCacheShard,       // cache::BlockCache
  kCacheLoad,        // cache::BlockCache
  kFrameMemory,      // cache::FrameMemory
  kHandles,          // capi::HandleTable
  kFigures,          // figures::Board; held over its I/O, which is rare and short.
  kEvents,           // engine::Events
  kExecutor,         // io::Executor and the periodic job
  kFollowerPause,    // engine::Follower, between two looks
  kFollowedLog,      // engine::FollowedLog
  kFileDecorator,    // The file systems of tests
  kFileRecord,       // The trace that one of those keeps
  kDirectoryLocks,   // io: those that this process holds on directories; held while files are opened and locked.
  kReaderMarks,      // io::PosixReaderMarks; held over calls that lock a byte of a file, and never wait.
  kFileSystem,       // io::MemoryFileSystem
  kMemoryFile,       // io::MemoryFile
  kLogWindow,        // io::PosixWindow
  kEpoch,            // base::Retire and its kin
  kDeviceCalls,      // The load-test tool's note of calls on files that took long, whichever locks they are made under.
};

// "kCatalog".
[[nodiscard]] const char* LockRankName(LockRank rank);

#ifdef NDEBUG
class RankedLock {
 public:
  explicit constexpr RankedLock(LockRank) {}
  void CheckOrder() const {}
  void NoteTaken() const {}
  void NoteReleased() const {}
};
#else
// A mutex as the checks see it.
class RankedLock {
 public:
  explicit constexpr RankedLock(LockRank rank) : rank_(rank) {}
  // Aborts, and names both ranks, if the thread holds a lock that does not rank before this one.
  void CheckOrder() const;
  void NoteTaken() const;
  void NoteReleased() const;

 private:
  LockRank rank_;
};
#endif

}  // namespace amethyst::base
