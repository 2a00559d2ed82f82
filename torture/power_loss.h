// Simulated loss of power at every I/O operation of random workloads, and of the recoveries from it.
//
// A workload writes numbered batches, flushes, compacts, reopens, on one thread over a traced file system. Then, at
// every point of the trace and under every model, the image that a power loss leaves is opened. The oracle: it opens;
// what it holds is the content after some prefix of the batches, batches whole; and that prefix is no shorter than what
// was acknowledged as durable. Everything follows from the seed. Thread safety: one suite a thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "io/serial_environment.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {

struct PowerLossReport {
  std::string violation;         // Empty: none.
  uint64_t images = 0;           // Opened and checked.
  uint64_t distinct_images = 0;  // Different ones that held a different content than the synced one alone.
  uint64_t recovery_images = 0;  // Of images, those from a crash of a recovery.
  uint64_t operations = 0;       // Trace operations crashed at.
  uint64_t failed_syncs = 0;
};

class PowerLossSuite {
 public:
  struct Settings {
    uint64_t seed = 1;
    uint64_t batches = 60;
    uint64_t recovery_crash_one_in = 16;  // How many images have their recovery crashed as well.
    bool fail_syncs = false;              // A random sync of the workload fails.
  };
  explicit PowerLossSuite(const Settings& settings) : settings_(settings), random_(settings.seed) {}

  // Runs one workload and checks all its crash images, adding to `report`; stops at the first violation.
  void Run(PowerLossReport* report);

 private:
  using Map = std::map<std::string, std::string>;
  // What the oracle knows at a point of the trace.
  struct Bounds {
    size_t trace_size = 0;  // Holds from that size of the trace on.
    size_t durable = 0;     // Batches that must survive.
    size_t started = 0;     // Batches that may survive.
  };

  void RunWorkload();
  [[nodiscard]] bool Open();
  void Step();
  void WriteNumbered();
  void Note(bool everything_durable);
  void CheckAllPoints();
  void CheckImage(std::shared_ptr<io::MemoryFileSystem> image, const Bounds& bounds, const std::string& where,
                  bool crash_recovery);
  // Opens, checks and closes; empty if all is well.
  [[nodiscard]] std::string Verify(std::shared_ptr<io::FileSystem> files, const Bounds& bounds);
  void Violation(const std::string& text);

  const Settings settings_;
  base::Random random_;
  Options options_;
  std::shared_ptr<TraceFileSystem> files_;
  std::shared_ptr<io::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
  bool failed_ = false;        // A write or flush returned an error: the oracle's bounds stay as they are.
  std::vector<Map> contents_;  // After each batch; [0]: empty.
  size_t durable_ = 0;
  std::vector<Bounds> bounds_;
  std::unordered_map<uint64_t, size_t> seen_;  // Images by fingerprint: the durable bound that they were held to.
  PowerLossReport* report_ = nullptr;
};

}  // namespace amethyst::torture
