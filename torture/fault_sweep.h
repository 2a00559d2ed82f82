// The k-th call fails: every call of the file system that a workload makes, each in turn, once and for good, with each
// error.
//
// A first run without faults counts the calls. Then, for each, the workload runs again with that call failing. Whatever
// happens, a read gives the right value or an error; what is written, even after the fault, is written in a safe order
// (order_checker.h), and nothing at all after one that leaves a file in doubt; once the fault is gone the database
// opens, and holds exactly the acknowledged batches, with or without the one that failed last. Everything follows from
// the seed. Thread safety: one sweep a thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/fault_file_system.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {

struct FaultReport {
  std::string violation;  // Empty: none.
  uint64_t faults = 0;    // Runs in which a fault was met.
  uint64_t refused = 0;   // Of these, in how many some call of the API returned an error.
  uint64_t calls = 0;     // Calls of the file system in a run without faults.
  uint64_t order_checks = 0;
};

class FaultSweep {
 public:
  struct Settings {
    uint64_t seed = 1;
    uint64_t batches = 40;
    uint64_t stride = 1;  // Every stride-th call is failed.
  };
  explicit FaultSweep(const Settings& settings) : settings_(settings) {}

  void Run(FaultReport* report);

 private:
  using Map = std::map<std::string, std::string>;
  // One run of the workload, and what it may have left behind.
  struct Outcome {
    // What it may hold: the content as acknowledged, and with each write that failed since.
    std::vector<Map> possible = {Map()};
    bool met_error = false;
    std::string violation;
  };

  // The workload with that fault, and what is there afterwards; empty if all is well.
  [[nodiscard]] std::string RunFault(const support::Fault& fault, FaultReport* report);
  [[nodiscard]] Outcome RunWorkload(const std::shared_ptr<TraceFileSystem>& files);
  void Write(DB& db, base::Random& random, uint64_t number, Outcome* outcome);
  [[nodiscard]] static std::optional<Map> Scan(DB& db, Outcome* outcome);
  void CheckReads(DB& db, base::Random& random, Outcome* outcome);
  [[nodiscard]] std::string CheckAfterwards(const std::shared_ptr<io::FileSystem>& files, const Outcome& outcome);

  const Settings settings_;
};

}  // namespace amethyst::torture
