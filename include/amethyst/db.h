// One open database: an ordered, durable map from bytes to bytes.
//
// Thread safety: every method may be called from any thread at once, Close included. Calls after
// Close return kClosed. A DB outlives the snapshots and iterators made from it only by courtesy: see their headers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/applied.h"
#include "amethyst/attempts.h"
#include "amethyst/changes.h"
#include "amethyst/components.h"
#include "amethyst/error.h"
#include "amethyst/family.h"
#include "amethyst/feed.h"
#include "amethyst/follower.h"
#include "amethyst/indexed_batch.h"
#include "amethyst/ingest.h"
#include "amethyst/iterator.h"
#include "amethyst/options.h"
#include "amethyst/pinned_value.h"
#include "amethyst/snapshot.h"
#include "amethyst/stats.h"
#include "amethyst/transaction.h"
#include "amethyst/write_batch.h"

namespace amethyst {

namespace engine {
class Engine;
}
namespace transactions {
class Turns;
}

// What Repair saved and what it had to drop.
struct RepairReport {
  uint64_t tables_kept = 0;
  uint64_t entries_kept = 0;
  uint64_t log_batches_kept = 0;
  std::vector<std::string> dropped;  // One line for each file or range of bytes that was lost.
};

class DB {
 public:
  // Opens or creates the database in directory `path`. Fails with kInvalidArgument (an option, or
  // not a database), kBusy (another owner), kCorruption, kIo, kNoSpace, kNotSupported (newer format).
  [[nodiscard]] static Result<std::unique_ptr<DB>> Open(const std::filesystem::path& path, const Options& options = {});
  [[nodiscard]] static Result<std::unique_ptr<DB>> Open(const std::filesystem::path& path, const Options& options,
                                                        Components components);

  // Opens a database for reading beside the process that writes it, and goes along with it: each read sees a state that
  // the writer had, whole batches, and never an older one than a read before (kNone writes show once they are flushed).
  // Any number of processes may do so; the writer never waits for one, and may close, crash and open again meanwhile.
  // No right to write is needed. Writes are kNotSupported, as on a read-only database. Errors as of Open, but never
  // kBusy for an owner. kTooOld for a read: see FollowerOptions::grace_s.
  [[nodiscard]] static Result<std::unique_ptr<DB>> OpenFollower(const std::filesystem::path& path,
                                                                const FollowerOptions& options = {});
  [[nodiscard]] static Result<std::unique_ptr<DB>> OpenFollower(const std::filesystem::path& path,
                                                                const FollowerOptions& options, Components components);

  // Removes the database's own files, by what they hold, and the directory if nothing else is in it. kBusy while it is
  // open. kInvalidArgument where there is no database, or, once it is removed, if files stayed that have names like its
  // own and are not proven to be.
  [[nodiscard]] static Status Destroy(const std::filesystem::path& path);

  // Salvages what can be read of `from`, which is left as it is, into a new directory `to`.
  [[nodiscard]] static Result<RepairReport> Repair(const std::filesystem::path& from, const std::filesystem::path& to);

  explicit DB(std::shared_ptr<engine::Engine> engine);  // Made by Open.
  ~DB();                                                // Closes; an error of Close is lost.
  DB(const DB&) = delete;
  DB& operator=(const DB&) = delete;

  // Writes. OK means that the write is visible to all later reads and durable as asked. On an error
  // nothing was acknowledged: the write is whole or absent after the next open.
  [[nodiscard]] Status Put(std::string_view key, std::string_view value, const WriteOptions& options = {});
  [[nodiscard]] Status Delete(std::string_view key, const WriteOptions& options = {});
  // Deletes all keys from `begin` to the one before `end`, however many, at the cost of one write; nullopt: that side
  // is open. What is put later stays. kInvalidArgument: the range ends before it begins.
  [[nodiscard]] Status DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                                   const WriteOptions& options = {});
  // All keys that begin with `prefix`. kNotSupported under an order that is not bytewise.
  [[nodiscard]] Status DeletePrefix(std::string_view prefix, const WriteOptions& options = {});
  // Writes an operand for the family's merge operator, without a read: the key's value changes as the operator says,
  // once somebody reads it. kInvalidArgument: there is no operator (FamilyOptions), or it does not take the operand.
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand, const WriteOptions& options = {});
  [[nodiscard]] Status Write(const WriteBatch& batch, const WriteOptions& options = {});
  // Writes, and returns without waiting for a sync: the write is visible then, and has its place in the log. `callback`
  // is called once, with OK when the write is durable, or with the error that kept it from being so; then the write is
  // whole or absent after the next open. Returns the write's last sequence number. An error is that nothing was
  // written, and `callback` is not called.
  // kSync begins a sync, which all share who come before the next one; kBuffered begins none: the next one is waited
  // for, which is sync_interval_ms away at the most. kNone: kInvalidArgument. An empty batch waits for all that was
  // written before. Like Write it waits where memtables or the disk are full.
  // Callbacks are called on a background thread of the database, never under a lock of it, one after the other, in the
  // order of the sequence numbers. They may call the database, except Close (kBusy) and its destructor; one that waits
  // holds up all others. They must not throw. Close syncs, and returns after the last one, which finds the database
  // closed (kClosed). In a forked child none is called.
  [[nodiscard]] Result<uint64_t> WriteAsync(const WriteBatch& batch, const WriteOptions& options,
                                            DurableCallback callback);
  // All writes up to that sequence number survive power loss (kNone writes excepted). It never waits for a sync, and is
  // at least the number of a write whose callback was given OK. Read-only, and on a follower: of what is in tables.
  [[nodiscard]] Result<uint64_t> DurableSequence();
  // kInvalidArgument: the batch is of another database.
  [[nodiscard]] Status Write(const IndexedBatch& batch, const WriteOptions& options = {});

  // Takes in tables that TableWriter has written, as one write: all of them appear together, newer than everything that
  // is there, and older snapshots and iterators do not see them. Durable when it returns OK; after a crash before that
  // all or none of them are there. Writers are not held up. kInvalidArgument: a file is no such table, or of another
  // order or merge operator than the family's; two of them overlap, and not in_order. See docs/ingest.md.
  [[nodiscard]] Status Ingest(std::span<const std::filesystem::path> paths, const IngestOptions& options = {});
  [[nodiscard]] Status Ingest(const std::filesystem::path& path, const IngestOptions& options = {});
  // The same of several families, each file with its own. `replace` is of the options' family.
  [[nodiscard]] Status Ingest(std::span<const IngestedFile> files, const IngestOptions& options = {});

  // Transactions (transaction.h). One of a closed database is kClosed once it reads or commits.
  [[nodiscard]] Transaction Begin(const TransactionOptions& options = {});
  // Runs `work` in a transaction and commits it, again and again while that is kConflict: after a pause that grows with
  // the conflicts and is random in part. From the eighth on other Transact calls let it go ahead: each waits up to a
  // tenth of a second before it begins, and before it commits. So `work` may run several times; at last it succeeds,
  // unless other writers never rest. An error of `work` rolls back and is returned. An exception rolls back and is
  // thrown on. `work` may end the transaction itself.
  [[nodiscard]] Status Transact(const std::function<Status(Transaction&)>& work, const WriteOptions& options = {});
  // For a loop of your own that does the same (attempts.h). The second waits until `attempts` may go on, and begins;
  // the transaction's Commit waits, too.
  [[nodiscard]] Attempts NewAttempts(TurnOf of = TurnOf::kThread);
  [[nodiscard]] Transaction Begin(Attempts& attempts);

  // One key, read and written as one. Each returns what was there before: nullopt, nothing.
  // Puts if the key is not there.
  [[nodiscard]] Result<std::optional<std::string>> PutIfAbsent(std::string_view key, std::string_view value,
                                                               const WriteOptions& options = {});
  // Puts `value`, or deletes if that is nullopt, where the value is `expected`, or the key is not there if that is
  // nullopt.
  [[nodiscard]] Result<std::optional<std::string>> CompareAndSet(std::string_view key,
                                                                 std::optional<std::string_view> expected,
                                                                 std::optional<std::string_view> value,
                                                                 const WriteOptions& options = {});
  [[nodiscard]] Result<std::optional<std::string>> DeleteIfEqual(std::string_view key, std::string_view expected,
                                                                 const WriteOptions& options = {});
  // Adds to the integer that the value is, 8 bytes, little-endian, as Int64Add has it; a key that is not there is 0.
  // Returns the new value. kInvalidArgument: the value is no such integer, or the sum is none.
  [[nodiscard]] Result<int64_t> Increment(std::string_view key, int64_t delta, const WriteOptions& options = {});

  // Reads of one key. An absent key is nullopt (false); an error is an error, never taken for absence. Where a key has
  // operands, its operator can refuse (kInvalidArgument), or not have been given (kNotSupported).
  [[nodiscard]] Result<std::optional<std::string>> Get(std::string_view key, const ReadOptions& options = {});
  // Assigns to `*value` if the key is there, reusing its buffer; else leaves it.
  [[nodiscard]] Result<bool> GetInto(std::string_view key, std::string* value, const ReadOptions& options = {});
  // The same from memory alone, for callers that must not wait: nullopt where a file would have to be read.
  [[nodiscard]] Result<std::optional<bool>> TryGetInto(std::string_view key, std::string* value,
                                                       const ReadOptions& options = {});
  // Whether the key may be there, for who would else read before each write. False is certain. True is wrong for about
  // one in a hundred keys that were never there, with the default filters, and for many that were deleted or have
  // expired of late. Where the filters are in memory nothing is read; else it takes a Get, or with memory_only is
  // kBusy.
  [[nodiscard]] Result<bool> KeyMayExist(std::string_view key, const ReadOptions& options = {});
  [[nodiscard]] Result<std::optional<PinnedValue>> GetPinned(std::string_view key, const ReadOptions& options = {});
  // As many results as keys, in their order, all as of one moment. What has to be read for them is read at once, for 32
  // keys at a time.
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> MultiGet(std::span<const std::string_view> keys,
                                                                         const ReadOptions& options = {});

  // The same from memory alone: kBusy for each key for which a file would have to be read.
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> TryMultiGet(std::span<const std::string_view> keys,
                                                                            const ReadOptions& options = {});

  // An iterator, not yet positioned; one with a status that is not OK if the database is closed.
  [[nodiscard]] Iterator NewIterator(const ReadOptions& options = {});
  [[nodiscard]] Snapshot GetSnapshot();

  // Families: maps of their own in this database (family.h). One that is made is there, and empty, or not there,
  // whatever happens. kInvalidArgument: the name is empty, over 255 bytes or taken, or an option is out of range.
  [[nodiscard]] Result<Family> CreateFamily(std::string_view name, const FamilyOptions& options = {});
  // kInvalidArgument, naming those there are: there is no such family.
  [[nodiscard]] Result<Family> OpenFamily(std::string_view name);
  // The family and all that is in it is gone at once, for snapshots too. The default family stays.
  [[nodiscard]] Status DropFamily(const Family& family);
  [[nodiscard]] Status RenameFamily(const Family& family, std::string_view name);
  // "default" first, then in the order of their making.
  [[nodiscard]] std::vector<std::string> FamilyNames();

  // The change feed (feed.h). A cursor is a consumer's place in it, under a name of 1 to 255 bytes; it survives
  // restarts, and holds the log from there on, up to Options::feed_retention_bytes. kInvalidArgument: there is one of
  // that name; kNotSupported: read-only, or a follower, whose feeds begin at positions and at its writer's cursors.
  [[nodiscard]] Status CreateCursor(std::string_view name, FeedStart start = FeedStart::kNow);
  // At a position of this database. kInvalidArgument: of another one; kTooOld: the log from there on is gone, or it is
  // of another history of the database.
  [[nodiscard]] Status CreateCursor(std::string_view name, const FeedPosition& position);
  // At now, with the snapshot that fits.
  [[nodiscard]] Result<FeedSnapshot> CreateCursorWithSnapshot(std::string_view name);
  // Its log may go; feeds of it end.
  [[nodiscard]] Status DropCursor(std::string_view name);
  [[nodiscard]] Result<std::vector<CursorInfo>> Cursors();
  // From where the cursor is. kInvalidArgument: there is none of that name; kTooOld: it is lost.
  [[nodiscard]] Result<Feed> OpenFeed(std::string_view cursor, const FeedOptions& options = {});
  // From a position that the caller has stored, without a cursor: the log from there on is held while the feed lives,
  // and no longer. Errors as CreateCursor.
  [[nodiscard]] Result<Feed> OpenFeed(const FeedPosition& position, const FeedOptions& options = {});
  // The position that OpenFeed would begin with to give what comes from now on, and the snapshot of all before. Nothing
  // holds the log for it: a cursor does, or a feed that is opened before long.
  [[nodiscard]] Result<FeedSnapshot> GetFeedSnapshot();

  // Of a follower: returns once reads see at least what the writer's saw when this was called. Nothing to do elsewhere.
  // An error, such as damage or a family in an order that was not given, leaves reads at a state that the writer had,
  // and at none before the last one.
  [[nodiscard]] Status Refresh();

  // Changes settings, all that `changes` names or none, and returns the options in force: what the database chooses (0
  // in Options) as the number that it is. An empty `changes` only asks. The next write, job or tick goes by them;
  // nobody waits for it. They hold until Close, except those of families, which are kept. kInvalidArgument: a value is
  // out of its range, as at an open, the memory budget is shared, or there is no such family; then nothing has changed.
  // kNotSupported: opened read-only.
  [[nodiscard]] Result<Options> Change(const Changes& changes);
  // Writes all memtables to tables, and waits for it. kBusy: entries are not released (Options::external_log).
  [[nodiscard]] Status Flush();
  // For Options::external_log: entries up to this place in the caller's log cannot be undone any more, so memtables may
  // be flushed that hold none beyond it. Never takes anything back. kInvalidArgument: the database keeps its own log.
  [[nodiscard]] Status Release(uint64_t index);
  // How far the caller's log has been applied; zeros where it never was, and once the database is closed.
  [[nodiscard]] amethyst::Applied Applied();
  // The note that SetApplied gave with the durable index; empty if it gave none.
  [[nodiscard]] std::string AppliedNote();
  // Rewrites all tables that overlap [begin, end) down to the last level, dropping what is hidden; nullopt is open.
  [[nodiscard]] Status CompactRange(std::optional<std::string_view> begin = {},
                                    std::optional<std::string_view> end = {});
  // Returns when no flush or compaction runs or is due. Where memory holds a delete for every second entry in tables,
  // it is flushed first, so that compaction drops both.
  [[nodiscard]] Status WaitForIdle();
  // Makes a copy of the database, as it is at one moment of the call, in the new directory `path`: every write that was
  // acknowledged before the call is in it, kNone writes too, each batch whole. Writes go on meanwhile. On the same file
  // system tables are shared by links and cost no space until the database has replaced them; else they are copied. The
  // directory is there, whole and durable, or not there: what an interrupted call leaves lies beside it under the name
  // `path` with ".unfinished", refuses to be opened, and is replaced by the next call. The copy is a database of its
  // own, with a uid of its own. A follower makes one of what its reads see after a refresh: all but kNone writes that
  // are not flushed; the writer keeps files for it for a day at the most (kTooOld). kInvalidArgument: something is at
  // `path`. kBusy: another call is making it. kClosed: the database was closed meanwhile. kNotSupported: opened
  // read-only.
  [[nodiscard]] Status Checkpoint(const std::filesystem::path& path);
  // Makes everything written so far durable against power loss (kNone writes excepted).
  [[nodiscard]] Status SyncWal();

  // Bytes on disk and in memory of the keys in [begin, end): an estimate, to about a block.
  [[nodiscard]] Result<uint64_t> ApproximateSize(std::string_view begin, std::string_view end);
  [[nodiscard]] Stats GetStats();

  // Stops background work, flushes, syncs, closes every descriptor, releases the lock. Idempotent: a second call
  // returns what the first did. Iterators that are still there are detached.
  [[nodiscard]] Status Close();

  // For what stands beside it in this library.
  [[nodiscard]] const std::shared_ptr<engine::Engine>& engine() const { return engine_; }

 private:
  std::shared_ptr<engine::Engine> engine_;
  std::shared_ptr<transactions::Turns> turns_;
};

}  // namespace amethyst
