// One open database, below its public face: the calls of DB, each in a few lines on top of committer, lookup and
// background.
//
// Thread safety: any thread, Close included.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/follower.h"
#include "amethyst/options.h"
#include "amethyst/pinned_value.h"
#include "amethyst/stats.h"
#include "amethyst/write_batch.h"
#include "engine/background.h"
#include "engine/capture.h"
#include "engine/committer.h"
#include "engine/database.h"
#include "engine/db_iterator.h"
#include "engine/family_list.h"
#include "engine/ingest_call.h"
#include "engine/option_change.h"
#include "engine/point_lookup.h"
#include "engine/write_rules.h"

namespace amethyst::ingest {
struct Incoming;
}

namespace amethyst::engine {

class IngestFiles;

class Engine {
 public:
  [[nodiscard]] static Result<std::shared_ptr<Engine>> Open(const std::string& directory, const Options& options,
                                                            Components components);
  [[nodiscard]] static Result<std::shared_ptr<Engine>> OpenFollower(const std::string& directory,
                                                                    const FollowerOptions& options,
                                                                    Components components);
  explicit Engine(std::shared_ptr<Database> database);  // For Open.
  ~Engine();

  // A call that names no family means the default one.
  using FamilyKey = tree::FamilyKey;
  using Take = base::FunctionRef<void(std::string_view)>;
  [[nodiscard]] Status Put(std::string_view key, std::string_view value, const WriteOptions& options,
                           const FamilyKey& family = {});
  [[nodiscard]] Status Delete(std::string_view key, const WriteOptions& options, const FamilyKey& family = {});
  [[nodiscard]] Status DeleteRange(const key::Range& range, const WriteOptions& options, const FamilyKey& family = {});
  [[nodiscard]] Status DeletePrefix(std::string_view prefix, const WriteOptions& options, const FamilyKey& family = {});
  [[nodiscard]] Status Merge(std::string_view key, std::string_view operand, const WriteOptions& options,
                             const FamilyKey& family = {});
  // See EncodedBatch.
  struct WriteCalls {
    base::FunctionRef<Status()>* check = nullptr;
    base::FunctionRef<void(const EncodedBatch::Place&)>* committed = nullptr;
  };
  [[nodiscard]] Status Write(const WriteBatch& batch, const WriteOptions& options, const WriteCalls& calls);
  [[nodiscard]] Status Write(const WriteBatch& batch, const WriteOptions& options) { return Write(batch, options, {}); }
  [[nodiscard]] Result<uint64_t> WriteAsync(const WriteBatch& batch, WriteOptions options, DurableCallback callback);
  [[nodiscard]] Result<uint64_t> DurableSequence();

  // Takes finished tables in (amethyst/ingest.h): as one write, which is durable when it returns.
  [[nodiscard]] Status Ingest(const IngestCall& call);

  // Calls `take(value)` inside the epoch, or with the value pinned: it must copy. False: absent.
  [[nodiscard]] Result<bool> Get(std::string_view key, const ReadOptions& options, Take take,
                                 const FamilyKey& family = {});
  // The same for a reader, whose own writes are on top; here, as below, nullptr is nobody in particular.
  [[nodiscard]] Result<bool> Get(std::string_view key, const ReadOptions& options, Take take, const FamilyKey& family,
                                 const Reader* reader);
  // The same from memory alone, without waiting: nullopt where something would have to be read.
  [[nodiscard]] Result<std::optional<bool>> TryGet(std::string_view key, const ReadOptions& options, Take take,
                                                   const FamilyKey& family = {});
  // False is certain. Reads nothing where the filters are in memory.
  [[nodiscard]] Result<bool> KeyMayExist(std::string_view key, const ReadOptions& options,
                                         const FamilyKey& family = {});
  [[nodiscard]] Result<std::optional<PinnedValue>> GetPinned(std::string_view key, const ReadOptions& options,
                                                             const FamilyKey& family = {},
                                                             const Reader* reader = nullptr);
  [[nodiscard]] std::vector<Result<std::optional<std::string>>> MultiGet(std::span<const std::string_view> keys,
                                                                         const ReadOptions& options,
                                                                         const FamilyKey& family = {},
                                                                         const Reader* reader = nullptr);
  [[nodiscard]] std::unique_ptr<DbIterator> NewIterator(const ReadOptions& options, const FamilyKey& family = {},
                                                        const Reader* reader = nullptr);
  [[nodiscard]] std::unique_ptr<SnapshotPin> NewSnapshot() {
    return std::unique_ptr<SnapshotPin>(new SnapshotPin(PinIn(reads_->snapshots)));
  }
  // The same for one that the engine outlives, which so needs no count of its own.
  [[nodiscard]] SnapshotPin Pin() { return PinIn({std::shared_ptr<SnapshotList>(), reads_->snapshots.get()}); }
  // By the clock of reads.
  [[nodiscard]] uint64_t NowMs() { return reads_->clock->NowMs(); }

  // Of a follower; nothing to do elsewhere.
  [[nodiscard]] Status Refresh();
  [[nodiscard]] Status Flush();
  [[nodiscard]] Status Release(uint64_t index);
  [[nodiscard]] Applied GetApplied();
  [[nodiscard]] std::string GetAppliedNote();
  [[nodiscard]] Status CompactRange(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                                    const FamilyKey& family = {});
  [[nodiscard]] Status WaitForIdle();
  [[nodiscard]] Status SyncWal();
  [[nodiscard]] Result<uint64_t> ApproximateSize(std::string_view begin, std::string_view end,
                                                 const FamilyKey& family = {});

  [[nodiscard]] Result<Options> Change(const Changes& changes);

  [[nodiscard]] Result<FamilyKey> CreateFamily(std::string_view name, const FamilyOptions& options);
  [[nodiscard]] Result<FamilyKey> OpenFamily(std::string_view name);
  [[nodiscard]] Status DropFamily(const FamilyKey& family);
  [[nodiscard]] Status RenameFamily(const FamilyKey& family, std::string_view name);
  [[nodiscard]] std::vector<std::string> FamilyNames();
  // Empty: it was dropped.
  [[nodiscard]] std::string FamilyName(const FamilyKey& family);
  // Empty, and 0: it has none, or was dropped.
  [[nodiscard]] std::string MergeOperatorName(const FamilyKey& family);
  [[nodiscard]] uint64_t TtlMs(const FamilyKey& family) const { return rules_.TtlMsOf(family); }

  // Writes what is in memory to tables (a follower: at `place`), and says what is in tables then: all that was
  // acknowledged before the call, of all families, as of one moment. The caller is inside the gate while it has the
  // value, and calls DeleteDropped once it has let go.
  [[nodiscard]] Result<engine::Capture> Capture(const FlushPlace& place);
  void DeleteDropped() {
    if (background_ != nullptr) background_->DeleteDropped();
  }
  // Runs `call` when no write is under way, and none comes; it must not wait for anything. kNotSupported: read-only.
  [[nodiscard]] Status RunAsWriter(base::FunctionRef<void()> call);
  // See Committer.
  void WakeReadersOnCommit() { committer_.WakeReadersOnCommit(); }
  // The error of a database that takes no writes.
  [[nodiscard]] Status CheckWritable() const;

  // What stands on the engine sees of it.
  [[nodiscard]] Database& database() const { return *database_; }
  [[nodiscard]] const WriteRules& rules() const { return rules_; }

  [[nodiscard]] Stats GetStats();
  [[nodiscard]] Result<FamilyStats> GetFamilyStats(const FamilyKey& family);
  [[nodiscard]] Status Close();

 private:
  // One of its callers knows that there is no reader: then nothing is asked of one.
  [[nodiscard, gnu::always_inline]] Result<std::optional<bool>> TryGetFor(const Reader* reader, std::string_view key,
                                                                          const ReadOptions& options, Take take,
                                                                          const FamilyKey& family,
                                                                          bool* may_exist = nullptr);
  [[nodiscard]] Status WriteOne(key::EntryKind kind, std::string_view key, std::string_view value,
                                const WriteOptions& options, const FamilyKey& family);
  [[nodiscard]] Status WriteExpiring(key::EntryKind kind, std::string_view key, std::string_view value,
                                     const WriteOptions& options, const FamilyKey& family);
  [[nodiscard]] Status Announce(key::EntryKind kind, const FamilyKey& family);
  [[nodiscard]] Status WriteEncoded(const EncodedBatch& batch, const WriteOptions& options);
  // The same of a copy that is large enough to be charged.
  [[nodiscard]] Status WriteLarge(const EncodedBatch& batch, const WriteOptions& options);
  [[nodiscard]] Status Commit(const EncodedBatch& batch, Durability durability);
  [[nodiscard]] Status Sync(wal::LogPosition position);
  [[nodiscard]] Status AnnounceIncoming(const ingest::Incoming& incoming);
  [[nodiscard]] Result<wal::LogPosition> CommitIncoming(ingest::Incoming* incoming, IngestFiles* files);
  // kBusy in a forked child.
  [[nodiscard]] Status CheckProcess() const;
  // This thread runs a callback of the database, which cannot close it.
  [[nodiscard]] bool IsCallback() const;
  [[nodiscard]] SnapshotPin PinIn(std::shared_ptr<SnapshotList> list);
  [[nodiscard]] Status CloseOnce() noexcept;
  void LetGoOfMemory();

  const std::shared_ptr<Database> database_;
  const std::shared_ptr<ReadContext> reads_;  // The database's.
  Committer committer_;
  FamilyList families_;
  WriteRules rules_;
  OptionChange change_;
  std::unique_ptr<Background> background_;           // nullptr in a read-only database.
  base::Mutex close_mutex_{base::LockRank::kClose};  // Held over all of Close, and so over its I/O.
  std::optional<Status> closed_ AMETHYST_GUARDED_BY(close_mutex_);
};

}  // namespace amethyst::engine
