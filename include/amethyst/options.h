// Settings of a database and of single calls. The defaults are the product: change one for a
// reason that its comment names. Thread safety: plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/comparator.h"
#include "amethyst/error.h"
#include "amethyst/family_options.h"

namespace amethyst {

class Snapshot;

enum class Compression : uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };
enum class CachePolicy : uint8_t { kScanResistant = 0, kLru = 1 };

// What an acknowledged write survives.
enum class Durability : uint8_t {
  kSync,      // Power loss. Concurrent writers share one device flush.
  kBuffered,  // Process crash and kill -9; power loss beyond Options::sync_interval_ms.
  kNone,      // Nothing until the next Flush: the write-ahead log is skipped.
};

struct Options {
  // Create the database if there is none. Turn off to catch a mistyped path.
  bool create_if_missing = true;
  // Refuse to open a database that exists. For loaders that must start empty.
  bool error_if_exists = false;
  // Open without the right to write: shared lock, nothing on disk is changed, not even a log file.
  bool read_only = false;

  // All the memory that this database uses: memtables, cache, index, filters, iterators and
  // background buffers. Bytes; at least 4 MiB. Raise it towards the size of what you read often.
  size_t memory_budget_bytes = size_t{256} << 20;
  // Size at which a memtable is flushed, in bytes. 0: an eighth of the budget, 64 MiB at the most.
  // Raise it for fewer, larger tables under sustained random writes.
  size_t write_buffer_bytes = 0;
  // Aimed-at size of a data block before compression, in bytes, 512 to 1 MiB. Larger blocks
  // compress better and scan a little faster; point reads from disk get slower.
  size_t block_bytes = 4096;
  // Codec of new tables. kZstd for about a third less space at more CPU; kNone for data that does not compress.
  Compression compression = Compression::kLz4;
  // Share of absent keys that a table's filter lets through, over 0 up to 1; 1 turns filters off.
  // Lower it if reads of absent keys dominate and memory is plentiful.
  double filter_false_positive_rate = 0.01;

  // Batch size of one log sync, in bytes: once that much waits for it, a sync starts without waiting out the delay
  // below. Raise it together with the delay on devices whose flush costs milliseconds.
  size_t group_commit_bytes = size_t{1} << 20;
  // How long a kSync flush waits for company, in microseconds. 0: not at all; the next group
  // gathers while a flush is in flight. Raise it on devices whose flush costs milliseconds.
  uint32_t group_commit_delay_us = 0;
  // Bound on what a power loss can take of kBuffered writes, in milliseconds; 0: no bound.
  uint32_t sync_interval_ms = 1000;

  // Threads for compaction; flush has its own, and while writes rest compaction has one more if there is a core for it.
  // 0: the number of cores, at most 4.
  uint32_t background_threads = 0;
  // Most table files held open at once; at least 16. Lower it under a tight descriptor limit.
  uint32_t max_open_files = 1000;
  // About how many bytes a second flushes and compactions may read and write together; 0: no limit, else at least
  // 64 KiB. Flushes and compactions of level 0 go first. As compactions fall behind it rises, to eight times as much.
  // Set it where their bursts disturb others on the device.
  uint64_t background_bytes_per_s = 0;
  // What leaves the cache first. kLru only to compare.
  CachePolicy cache_policy = CachePolicy::kScanResistant;
  // Bound on how long a value that was deleted, or has expired, can stay on disk, in seconds; 0: no bound. What expires
  // stays for a minute at least.
  uint32_t delete_deadline_s = 86400;
  // Bytes of the log that readers of the change feed can hold back (feed.h), beyond what recovery needs. Past that the
  // cursor that is farthest behind is lost. Raise it where consumers may rest for long.
  uint64_t feed_retention_bytes = uint64_t{1} << 30;
  // The caller keeps a log of its own, as replicated systems do, and repeats it after a crash: nothing is logged here.
  // WriteAsync and a write with kSync are refused; one with kBuffered lives in memory, as with kNone, until a flush.
  // Batches carry the place in that log (WriteBatch::SetApplied); DB::Applied tells from where on to repeat it: after a
  // crash the database is exactly what it was there. No memtable is flushed before DB::Release has released its newest
  // place.
  bool external_log = false;
  // The order of keys, which must outlive the database. See comparator.h.
  const Comparator* comparator = BytewiseComparator();

  // Settings of families by name, for what cannot be kept in files: functions must be given at each open. "default" is
  // the family that the database itself is. A name that the database does not have is no error.
  std::map<std::string, FamilyOptions, std::less<>> families{};
};

// When an entry expires that is to live for ever, in a family with a ttl as well.
inline constexpr std::chrono::system_clock::time_point kNever = std::chrono::system_clock::time_point::max();

// Told of a write once it is durable, or why it may not be (DB::WriteAsync).
using DurableCallback = std::function<void(const Status& durable)>;

struct WriteOptions {
  Durability durability = Durability::kBuffered;
  // What is put or merged expires so long after this call, or at that moment: from then on it is deleted. Give one of
  // them at the most; neither: the family's ttl counts. In DB::Write they are for what has no expiry of its own. A
  // delete takes none.
  std::chrono::milliseconds ttl{0};
  std::optional<std::chrono::system_clock::time_point> expires_at{};
};

struct ReadOptions {
  // Read as of this snapshot; nullptr: as of now. It may die before an iterator made with it.
  const Snapshot* snapshot = nullptr;
  // Iterators stay within [lower_bound, upper_bound); the bounds are copied by NewIterator.
  std::optional<std::string_view> lower_bound{};
  std::optional<std::string_view> upper_bound{};
  // Whether blocks that had to be read are kept in the cache; those of a long scan are from the second time on.
  // Turn off for scans that come once.
  bool fill_cache = true;
  // Reads no file: where one would have to be read, the call is kBusy, and so is a step of an iterator, which can be
  // repeated (see Iterator::SetMemoryOnly). For threads that must not wait, such as one that runs an event loop.
  bool memory_only = false;
  // What has expired by then is gone, instead of by now, or by the snapshot's time. Up to a minute ago, or from the
  // snapshot's time on; earlier is kTooOld.
  std::optional<std::chrono::system_clock::time_point> read_time{};
};

// The longest key, 8 MiB. With its value it must fit into a batch, which is limited to a quarter of the memory budget.
inline constexpr size_t kKeyBytesMax = size_t{8} << 20;

}  // namespace amethyst
