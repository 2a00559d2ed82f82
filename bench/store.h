// The one small interface through which the driver loads every engine, so that all pay the same for it.
//
// A Store is one open database. A Session is one thread's way to it: adapters keep there what a good program would keep
// for a thread (buffers, a read transaction). A Cursor is an ordered walk as of the moment of its making.
//
// Thread safety: Store by any thread at once; Session and Cursor by one thread at a time. Sessions die before their
// store, cursors before their session, and a session has one cursor at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/iterator.h"
#include "amethyst/options.h"
#include "base/error.h"

namespace amethyst::bench {

// What a merge does: adds integers of 8 bytes, little-endian.
enum class Merging : uint8_t {
  kNone,
  kBuiltIn,  // By the engine's own operator,
  kUser,     // or by one of ours, of which the engine knows nothing.
};

struct StoreSettings {
  std::string directory;
  // False: everything below but the directory is ignored, and the engine runs as it comes.
  bool tuned = true;
  // What an engine may use in all (cache, memtables, index, filters) is cache_bytes + 2 * write_buffer_bytes.
  size_t cache_bytes = size_t{256} << 20;
  size_t write_buffer_bytes = size_t{64} << 20;
  size_t block_bytes = 4096;
  Compression compression = Compression::kLz4;
  double filter_bits_per_key = 10;
  uint32_t background_threads = 2;  // For flush and compaction together.
  // Counts cache and filter hits where that costs something (RocksDB).
  bool statistics = false;

  // What the workload needs of a database, tuned or not.
  Merging merging = Merging::kNone;
  uint32_t ttl_seconds = 0;  // Over 0: what is put expires so long after.
  bool families = false;     // Several families share the memory above.
};

// Counters since open; absent where the engine does not tell.
struct StoreStats {
  std::optional<uint64_t> cache_hits;
  std::optional<uint64_t> cache_misses;
  std::optional<uint64_t> filter_negatives;
  std::optional<uint64_t> filter_false_positives;
  std::optional<uint64_t> wal_syncs;
  std::optional<uint64_t> debt_bytes;  // What compaction still has to rewrite; not a counter.
};

class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  virtual void Seek(std::string_view target) = 0;
  virtual void SeekForPrev(std::string_view target) = 0;
  virtual void Next() = 0;
  virtual void Prev() = 0;
  [[nodiscard]] virtual bool Valid() const = 0;
  // Valid until the next move.
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  [[nodiscard]] virtual Status status() const = 0;
  // The current entry and those behind it that the engine hands out at once; the cursor is then on the last of them.
  // Only while Valid. Most engines have no such call.
  virtual std::span<const EntryView> NextBatch(std::span<EntryView> room) {
    room[0] = {.key = key(), .value = value()};
    return room.first(1);
  }
};

struct KeyValue {
  std::string_view key;
  std::string_view value;
};

// Reads and writes that happen as if at one moment, or not at all. kConflict, of any call: somebody else wrote what it
// read, or waits for it as it waits for them; it is over, and to be begun again. It ends before its session does.
class Transaction {
 public:
  virtual ~Transaction() = default;
  // Nobody else may write the key until the commit. The view is valid until the transaction's next call.
  virtual Result<std::optional<std::string_view>> Get(std::string_view key) = 0;
  virtual Status Put(std::string_view key, std::string_view value) = 0;
  // Dies before the commit. Whether the commit looks for writes of others among what it showed is up to the engine.
  virtual std::unique_ptr<Cursor> NewCursor() = 0;
  virtual Status Commit() = 0;
};

struct FamilyKeyValue {
  uint32_t family = 0;
  KeyValue entry;
};

class Session {
 public:
  virtual ~Session() = default;
  virtual Status Put(std::string_view key, std::string_view value) = 0;
  virtual Status Delete(std::string_view key) = 0;
  // All of it or nothing.
  virtual Status PutBatch(std::span<const KeyValue> entries) = 0;
  // The views are valid until the session's next call.
  virtual Result<std::optional<std::string_view>> Get(std::string_view key) = 0;
  virtual Status MultiGet(std::span<const std::string_view> keys,
                          std::vector<std::optional<std::string_view>>* values) = 0;
  virtual std::unique_ptr<Cursor> NewCursor() = 0;

  // What not every engine has (feature.h).
  // All keys from `begin` to the one before `end`.
  virtual Status DeleteRange(std::string_view /*begin*/, std::string_view /*end*/) { return Missing(); }
  virtual Status Merge(std::string_view /*key*/, std::string_view /*operand*/) { return Missing(); }
  // As PutBatch and Get, in families by their number: the order of their making from 1; 0 is the default.
  virtual Status PutBatchIn(std::span<const FamilyKeyValue> /*entries*/) { return Missing(); }
  virtual Result<std::optional<std::string_view>> GetIn(uint32_t /*family*/, std::string_view /*key*/) {
    return Missing();
  }
  // The session's one transaction, begun anew: what it held back before is gone.
  virtual Result<Transaction*> Begin() { return Missing(); }
  // Puts these into the session's indexed batch, which is never written; and a cursor with that batch on top.
  virtual Status Index(std::span<const KeyValue> /*entries*/) { return Missing(); }
  virtual Result<std::unique_ptr<Cursor>> NewIndexedCursor() { return Missing(); }

 protected:
  [[nodiscard]] static std::unexpected<Error> Missing() { return base::NotSupported("this engine does not have that"); }
};

class Store {
 public:
  virtual ~Store() = default;
  virtual std::unique_ptr<Session> NewSession(Durability durability) = 0;
  // Brings everything from memtables to files.
  virtual Status Flush() = 0;
  // Returns when no flush or compaction runs or is due. The value is for how long that had been so already when it was
  // noticed, in nanoseconds: not the engine's time.
  virtual Result<uint64_t> WaitForIdle() = 0;
  virtual Status Compact() = 0;
  virtual StoreStats GetStats() = 0;
  virtual Status Close() = 0;

  // What not every engine has. The new family's number is the greatest; none of the store's sessions is in use.
  virtual Status CreateFamily(const std::string& /*name*/) { return base::NotSupported("no families"); }
  // Rewrites what overlaps the range, so that the space of deleted keys comes back.
  virtual Status CompactRange(std::string_view /*begin*/, std::string_view /*end*/) {
    return base::NotSupported("no compaction of a range");
  }
  // A snapshot: while it lives, nothing that is there now may be dropped.
  virtual std::shared_ptr<void> Hold() { return nullptr; }
};

}  // namespace amethyst::bench
