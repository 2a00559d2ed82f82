// The places in the log up to which readers of the change feed are through with it, and what these keep of the log.
//
// A cursor with a name is in the manifest and survives a restart; one without belongs to a feed that is open. Each
// holds the log from its place on, as the manifest knows it: so the log that a restart needs for it is there. Where
// readers move on the manifest learns it when a segment can go, by Note once a tick, and at the end. Past
// `retention_bytes` of log that recovery does not need, the cursor that is farthest behind is lost, and its log goes:
// writers never wait.
//
// While there is a cursor a flush first makes the log durable (Flusher), so that a table never has what the feed has
// not; without one nothing of this costs anything but a look at IsInUse. Thread safety: any thread; the lock is held
// over the manifest's I/O, and never taken under the commit lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "base/mutex.h"
#include "engine/health.h"
#include "tree/feed_cursor.h"
#include "wal/log_readers.h"

namespace amethyst::engine {

struct Storage;

class CursorList {
 public:
  // Of one cursor; read and changed by the list alone.
  struct Cursor {
    tree::FeedCursor now;  // Its name is empty where a feed has it to itself.
    bool is_noted = true;  // The manifest has `now`.
    wal::LogHold hold{};
  };
  using CursorPtr = std::shared_ptr<Cursor>;

  // Both outlive it. `recovered`: what the manifest has.
  CursorList(Storage& storage, Health& health, uint64_t retention_bytes,
             const std::map<std::string, tree::FeedCursor>& recovered);

  // What the log asks. Before it is there: holds what the cursors of the manifest need.
  [[nodiscard]] const std::shared_ptr<wal::LogReaders>& readers() const { return readers_; }
  // The first segment that a cursor needs; nullopt: none needs any.
  [[nodiscard]] std::optional<key::FileNumber> FirstNeeded() const { return readers_->LeastHeld(); }
  // Counts as lost whatever `is_there` says no to. Before others have it.
  void LoseUnless(base::FunctionRef<bool(const wal::LogCut&)> is_there) AMETHYST_EXCLUDES(mutex_);

  // How many have a name and are not lost. Without the lock, so that statistics wait for no I/O.
  [[nodiscard]] uint64_t named_count() const { return named_count_.load(std::memory_order_relaxed); }
  // Whether there is a cursor that is not lost.
  [[nodiscard]] bool IsInUse() const { return in_use_.load(std::memory_order_seq_cst) != 0; }

  // In a follower, which only knows them: takes over those of the writer's manifest.
  void Follow(const std::map<std::string, tree::FeedCursor>& cursors) AMETHYST_EXCLUDES(mutex_);

  // Makes one at what `place` returns, which is a place of the log and durable, and where nothing before a held segment
  // is needed. `place` is called once a flush knows of the cursor. kInvalidArgument: the name is taken, or no name.
  [[nodiscard]] Status Create(std::string_view name, base::FunctionRef<Result<wal::LogCut>()> place)
      AMETHYST_EXCLUDES(mutex_);
  // One without a name, until Drop.
  [[nodiscard]] Result<CursorPtr> CreateOwn(base::FunctionRef<Result<wal::LogCut>()> place) AMETHYST_EXCLUDES(mutex_);
  [[nodiscard]] Status Drop(std::string_view name) AMETHYST_EXCLUDES(mutex_);
  void DropOwn(const CursorPtr& cursor) noexcept AMETHYST_EXCLUDES(mutex_);
  // kInvalidArgument, naming those that there are: there is none of that name.
  [[nodiscard]] Result<CursorPtr> Find(std::string_view name) const AMETHYST_EXCLUDES(mutex_);
  // By name, with those that are lost.
  [[nodiscard]] std::vector<tree::FeedCursor> All() const AMETHYST_EXCLUDES(mutex_);

  // Where the cursor is; kTooOld: it is lost; kInvalidArgument: it was dropped.
  [[nodiscard]] Result<wal::LogCut> PlaceOf(const CursorPtr& cursor) const AMETHYST_EXCLUDES(mutex_);
  // Moves it on, to a place that is durable; back it does not move. Errors as PlaceOf, and the manifest's.
  [[nodiscard]] Status Commit(const CursorPtr& cursor, const wal::LogCut& place) AMETHYST_EXCLUDES(mutex_);

  // Makes durable where cursors are, and lets go of what they do not need any more, and of those that are too far
  // behind.
  [[nodiscard]] Status Note() AMETHYST_EXCLUDES(mutex_);
  // For Close, when no reader is left: those that are through with all of the log move to its end, in `edit`.
  void End(std::vector<tree::FeedCursor>* noted) AMETHYST_EXCLUDES(mutex_);

  [[nodiscard]] uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  using Names = std::vector<std::string>;

  [[nodiscard]] Status CheckPlace(const Cursor& cursor) const AMETHYST_REQUIRES(mutex_);
  // Appends the names of those that are lost, to be told without the lock.
  [[nodiscard]] Status NoteLocked(Names* lost) AMETHYST_REQUIRES(mutex_);
  [[nodiscard]] bool LoseFarthest(Names* lost) AMETHYST_REQUIRES(mutex_);
  void Lose(Cursor* cursor, Names* lost) AMETHYST_REQUIRES(mutex_);
  void Tell(const Names& lost) const AMETHYST_EXCLUDES(mutex_);
  // All that are not lost, named or not.
  [[nodiscard]] std::vector<CursorPtr> Live() const AMETHYST_REQUIRES(mutex_);
  void Count() AMETHYST_REQUIRES(mutex_);

  Storage& storage_;
  Health& health_;
  const uint64_t retention_bytes_;
  const std::shared_ptr<wal::LogReaders> readers_ = std::make_shared<wal::LogReaders>();
  // How many are not lost, and one more while one is being made. Stored under the lock; read by flushes.
  std::atomic<uint64_t> in_use_{0};
  std::atomic<uint64_t> named_count_{0};  // Of those that are not lost.
  std::atomic<uint64_t> lost_{0};         // Since the open.
  mutable base::Mutex mutex_{base::LockRank::kFeedCursors};
  std::map<std::string, CursorPtr, std::less<>> named_ AMETHYST_GUARDED_BY(mutex_);
  std::set<CursorPtr> own_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace amethyst::engine
