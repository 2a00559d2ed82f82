// What there is to run, as data: which actions in which proportions, over which keys.
//
// A workload that needs a filled database finds one: the runner loads it first, unmeasured, where the workload before
// left none. Thread safety: constant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/options.h"
#include "bench/feature.h"

namespace amethyst::bench {

enum class Action : uint8_t {
  kPut,
  kPutBatch,
  kInsert,  // A put of a key that was not there, behind all others.
  kGet,
  kGetMissing,  // Of a key between two that are there.
  kMultiGet,
  kUpdate,  // A get, then a put of the same key.
  kDelete,
  kScan,         // A fresh cursor, a seek, and steps forward.
  kScanReverse,  // The same backward.
  kWalk,         // Steps of one cursor from the first key to the last, over and over.
  kWalkReverse,
  kWalkBatch,  // kWalk by the batches that the engine hands out.
  kQueue,      // A put at the tail, a seek to the first key, a delete of it.
  kCompact,
  kDeleteRange,      // Of 100 keys, from the one that comes next.
  kMerge,            // Of an integer, into the sum that the key has.
  kTransaction,      // Gets, and puts of the first of the keys that were got; run again until it is committed.
  kScanTransaction,  // The same with a scan instead of gets.
  kReadsAndBatch,    // The gets and puts of kTransaction without one.
};

// A workload that is no stream of equal operations has a procedure of its own (trials.h).
enum class Trial : uint8_t {
  kNone,
  kRangePair,
  kRangeReads,
  kDeletedScan,
  kDropSpace,
  kHotCounter,
  kExpiredScan,
  kExpirySpace,
  kFamilyBatch,
  kFamilyLog,
  kFamilyCreate,
  kFamilyRead,
  kTransactionCost,
  kBatchWalk,
};

// Which key comes next.
enum class Order : uint8_t {
  kSequential,  // Each once, ascending.
  kShuffled,    // Each once, in random order.
  kUniform,
  kZipf,     // Some far more often than others (exponent 0.99), scattered over the key space.
  kLatest,   // As Zipf, the newest key the most popular.
  kHotspot,  // A small scattered set of keys nearly always.
};

// How a workload that only reads finds the database.
enum class State : uint8_t {
  kLive,     // As it is in use: straight after the writes of ycsba, nothing flushed, nothing waited for.
  kSettled,  // At rest: all is flushed, and no compaction is due.
};

struct Share {
  Action action = Action::kGet;
  double weight = 1;
};

struct Steps {
  uint64_t least = 1;
  uint64_t most = 1;
};

struct Accesses {
  uint64_t reads = 0;
  uint64_t writes = 0;
};

struct Workload {
  std::string name;
  std::string description;
  std::vector<Share> mix;
  Order order = Order::kUniform;
  // Operations for each one asked for on the command line: slow workloads do fewer, quick ones more.
  double scale = 1;
  Steps steps = {};                           // Of a scan.
  bool keys_alone = false;                    // Cursors are asked for no value.
  Accesses transaction = {};                  // In each.
  bool fills = false;                         // Begins with an empty database.
  bool background_writer = false;             // One thread more overwrites at random; its figures are kept apart.
  std::optional<Durability> durability = {};  // Where the workload decides.
  uint64_t keys_max = 0;                      // The most keys that it works on; 0: no limit.
  bool resident = false;                      // What it loads stays in memtables; it begins with an empty database.
  Trial trial = Trial::kNone;                 // If it has one, nothing but name, description and need counts.
  std::optional<Feature> feature = {};        // That it needs, apart from what its actions need.

  [[nodiscard]] std::optional<Feature> Needs() const;
  [[nodiscard]] bool Writes() const;
  // Whether the state in which it finds the database is one to choose.
  [[nodiscard]] bool OnlyReads() const { return trial == Trial::kNone && !Writes() && !Is(Action::kCompact); }
  [[nodiscard]] bool RunsTransactions() const { return Is(Action::kTransaction) || Is(Action::kScanTransaction); }
  // Whether all keys are there after it, if they were before.
  [[nodiscard]] bool Spoils() const;
  [[nodiscard]] bool Is(Action action) const { return mix.size() == 1 && mix[0].action == action; }
};

// Every workload, in the order of `--list`.
[[nodiscard]] const std::vector<Workload>& Workloads();
[[nodiscard]] const Workload* FindWorkload(std::string_view name);

// "read=50,update=30,scan=20": the mix of the workload `mixed`.
[[nodiscard]] Result<std::vector<Share>> ParseMix(std::string_view text);
// Names as on the command line, in the order of the enumeration.
[[nodiscard]] const std::vector<std::string>& OrderNames();
[[nodiscard]] const std::vector<std::string>& StateNames();
[[nodiscard]] const std::string& StateName(State state);

}  // namespace amethyst::bench
