// A database on one thread, over files in memory whose calls can fail. Thread safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst::engine {

using support::Operation;

// Operations that change what is on disk.
inline constexpr Operation kChanging[] = {
    Operation::kCreate,
    Operation::kCreateSegment,
    Operation::kAppend,
    Operation::kOverwrite,
    Operation::kSync,
    Operation::kStore,
    Operation::kSegmentSync,
    Operation::kSegmentClose,
    Operation::kSyncFile,
    Operation::kSyncDirectory,
    Operation::kRename,
    Operation::kRemove,
    Operation::kCreateDirectories,
    Operation::kRemoveDirectory,
};

class World {
 public:
  explicit World(uint64_t seed, const Options& options = support::SmallOptions())
      : options_(options),
        serial_(std::make_shared<io::MemoryFileSystem>(), seed),
        faults_(serial_.files()),
        environment_(serial_, faults_) {}
  ~World() { db_.reset(); }

  [[nodiscard]] Status Open() {
    auto opened = DB::Open("/db", options_, support::Over(environment_));
    if (!opened) return std::unexpected(opened.error());
    db_ = std::move(*opened);
    return {};
  }
  // Without faults, whatever there was before.
  void Reopen() {
    faults_.ClearFaults();
    db_.reset();
    ASSERT_EQ(support::Text(Open()), "");
  }
  // The next call of `operation` from now on fails, and with `for_good` all later ones.
  void FailNext(Operation operation, ErrorCode code, bool for_good = false, bool half = false) {
    faults_.Fail({.operation = operation,
                  .call = faults_.calls(operation) + 1,
                  .for_good = for_good,
                  .code = code,
                  .half = half});
  }
  void RunJobs() {
    while (serial_.RunOneJob()) {
    }
  }
  [[nodiscard]] uint64_t ChangingCalls() const {
    uint64_t calls = 0;
    for (const Operation operation : kChanging) calls += faults_.calls(operation);
    return calls;
  }
  // Time in which the periodic job runs, and what it leaves to a background thread.
  void PassTime() {
    serial_.clock().Advance(std::chrono::seconds(3));
    RunJobs();
  }

  DB& db() { return *db_; }
  std::unique_ptr<DB>& owner() { return db_; }
  support::FaultFileSystem& faults() { return faults_; }
  simulation::SerialEnvironment& serial() { return serial_; }

 private:
  const Options options_;
  simulation::SerialEnvironment serial_;
  support::FaultFileSystem faults_;
  support::FaultEnvironment environment_;
  std::unique_ptr<DB> db_;
};

}  // namespace amethyst::engine
