// Simulated loss of power at every I/O operation of random workloads, and of the recoveries from it.
//
// A workload writes numbered batches, flushes, compacts, reopens, on one thread over a traced file system, which the
// order checker looks at. Then, at every point of the trace and under every model, the image that a power loss leaves
// is opened. The oracle: it opens; what it holds is the content after some prefix of the batches, batches whole; and
// that prefix is no shorter than what was acknowledged as durable. Writes without a log, which count up a key of their
// own, go back no further than the last flush. Some recoveries are traced too: a batch is written and synced after
// them, and power is lost again, within the recovery or after that. Everything follows from the seed. Thread safety:
// one suite a thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "simulation/serial_environment.h"
#include "torture/crash_state.h"
#include "torture/power_moves.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {

struct PowerLossReport {
  std::string violation;         // Empty: none.
  uint64_t images = 0;           // Opened and checked.
  uint64_t distinct_images = 0;  // Different ones that held a different content than the synced one alone.
  uint64_t recovery_images = 0;  // Of images, those from a crash of a recovery.
  uint64_t operations = 0;       // Trace operations crashed at.
  uint64_t failed_syncs = 0;
  uint64_t order_checks = 0;
  uint64_t flushes = 0;
  uint64_t compactions = 0;
  uint64_t manifest_rolls = 0;  // Beyond the one of each open.
  uint64_t segment_rolls = 0;   // The same.
  PowerMoves::Counts moved;
  uint64_t digest = 0;  // Of all traces so far.
};

class PowerLossSuite {
 public:
  struct Settings {
    uint64_t seed = 1;
    uint64_t batches = 60;
    uint64_t recovery_crash_one_in = 12;  // How many images have their recovery crashed as well.
    bool fail_syncs = false;              // A random sync of the workload fails.
  };
  explicit PowerLossSuite(const Settings& settings)
      : settings_(settings), random_(settings.seed), moves_(contents_, options_) {}

  // Runs one workload and checks all its crash images, adding to `report`; stops at the first violation.
  void Run(PowerLossReport* report);

 private:
  using Map = std::map<std::string, std::string>;
  // What the oracle knows at a point of the trace.
  struct Bounds {
    size_t trace_size = 0;  // Holds from that size of the trace on.
    size_t durable = 0;     // Batches that must survive.
    size_t started = 0;     // Batches that may survive.
    size_t unlogged_durable = 0;
    size_t unlogged_started = 0;
    std::optional<size_t> only{};  // The batch that a crashed recovery found: what was synced after it pins it.
    bool may_have_more = false;    // The write after a recovery.
  };

  void RunWorkload();
  [[nodiscard]] bool Open();
  void Step();
  void WriteNumbered();
  void WriteUnlogged();
  void WriteIngested();
  // Of half of the seeds: an ingest, a copy, or a part of the feed.
  void Move();
  [[nodiscard]] bool HasMoves() const { return settings_.seed / 2 % 2 == 0; }
  [[nodiscard]] bool HasLongKeys() const { return settings_.seed % 16 == 3; }
  [[nodiscard]] std::string DrawKey();
  [[nodiscard]] std::string DrawValue(size_t number);
  // After a failed sync: what is there now is what the workload goes on from.
  void ReopenAfterFailure();
  void CountTrace();
  // What of all that was written is durable now: nothing new, or all of it, by its tables or by the log's sync.
  enum class Durable : uint8_t { kNoMore, kByTables, kByLog };
  void Note(Durable durable);
  void CheckAllPoints();
  void CheckImage(const CrashImage& image, const Bounds& bounds, const std::string& where);
  void CrashRecovery(const CrashImage& image, const Bounds& bounds, const std::string& where);
  // Opens and checks; empty if all is well. Leaves the database open, for more, if asked to.
  struct Recovered {
    std::string problem;
    size_t number = 0;
    std::unique_ptr<DB> db;
  };
  [[nodiscard]] Recovered Verify(std::shared_ptr<io::FileSystem> files, const Bounds& bounds, bool keep_open);
  [[nodiscard]] std::string CheckContent(Map found, const Bounds& bounds, size_t* number) const;
  void Violation(const std::string& text);

  const Settings settings_;
  base::Random random_;
  Options options_;
  std::shared_ptr<TraceFileSystem> files_;
  std::shared_ptr<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
  bool failed_ = false;        // A write or flush returned an error: the oracle's bounds stay as they are.
  std::vector<Map> contents_;  // After each batch; [0]: empty.
  size_t current_ = 0;         // The content that the database holds now.
  size_t durable_ = 0;
  size_t unlogged_ = 0;
  size_t unlogged_durable_ = 0;
  uint64_t opens_ = 0;
  PowerMoves moves_;
  std::vector<Bounds> bounds_;
  std::unordered_map<uint64_t, size_t> seen_;  // Images by fingerprint: the durable bound that they were held to.
  PowerLossReport* report_ = nullptr;
};

}  // namespace amethyst::torture
