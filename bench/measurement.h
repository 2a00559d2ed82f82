// What one run of one workload on one engine came to, and its form as JSON.
//
// It crosses from the engine's process to the one that reports, and into the files of --json: the names of its fields
// there are those here. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "bench/histogram.h"
#include "bench/store.h"
#include "bench/timeline.h"
#include "bench/workload.h"

namespace amethyst::bench {

// A slice of a timeline, reduced to what is plotted.
struct Moment {
  double seconds = 0;  // When it ended, from the beginning.
  double operations_per_second = 0;
  uint64_t p50_ns = 0;
  uint64_t p99_ns = 0;
  uint64_t max_ns = 0;
};

// A call on a file that took 10 ms and more, whichever thread made it.
struct SlowCall {
  std::string name;
  double seconds = 0;  // When it ended, from the beginning.
  uint64_t took_ns = 0;
};

// What was found besides the time of operations, mostly by trials: the less the better. Units end the name.
struct Figure {
  std::string name;
  double value = 0;
};

struct Measurement {
  std::string engine;
  std::string workload;
  std::optional<State> state = {};  // Of the database that was read; absent unless the workload only reads.
  uint32_t round = 0;

  uint64_t operations = 0;
  uint64_t lookups = 0;  // Of single keys,
  uint64_t found = 0;    // and those that found theirs.
  uint64_t entries = 0;  // That cursors showed.
  double seconds = 0;
  double settle_seconds = 0;  // From the last operation until the engine was idle (and flushed, if so asked).
  Histogram latency;
  std::vector<Moment> moments;

  // Of the thread that writes beside the readers, if there is one.
  uint64_t writer_operations = 0;
  Histogram writer_latency;

  double cpu_seconds = 0;         // Of the operations alone,
  double settle_cpu_seconds = 0;  // and of coming to rest after them.
  uint64_t peak_memory_bytes = 0;
  uint64_t user_bytes_written = 0;
  uint64_t device_bytes_written = 0;  // By both.
  uint64_t disk_bytes = 0;
  uint64_t live_bytes = 0;  // Keys and values that are there, about; 0 where the workload leaves that open.
  uint64_t debt_bytes_at_end = 0;
  uint64_t stalls = 0;          // Operations over 100 ms,
  uint64_t stalls_covered = 0;  // and those of them in most of whose time slow calls on files ran.
  std::vector<SlowCall> slow_calls;
  std::vector<Figure> figures;
  StoreStats stats;  // Of this run alone.

  [[nodiscard]] bool wrote() const { return user_bytes_written != 0; }
  [[nodiscard]] double operations_per_second() const { return static_cast<double>(operations) / seconds; }
  // The same with the time to settle.
  [[nodiscard]] double settled_operations_per_second() const {
    return static_cast<double>(operations) / (seconds + settle_seconds);
  }
  // What a comparison shows beside each other: how quick a database in use is, and one that has come to rest, whether
  // it is read in that state, or has to come to it after the workload's writes. Nothing if that was not measured.
  [[nodiscard]] std::optional<double> OperationsPerSecondIn(State column) const;
  [[nodiscard]] double cpu_us_per_operation() const {
    return 1e6 * (cpu_seconds + settle_cpu_seconds) / static_cast<double>(operations + writer_operations);
  }
  [[nodiscard]] double write_amplification() const;
  [[nodiscard]] double space_amplification() const;
};

[[nodiscard]] nlohmann::json ToJson(const Measurement& measurement);
[[nodiscard]] Result<Measurement> MeasurementFromJson(const nlohmann::json& json);

// The slices of a timeline as moments.
[[nodiscard]] std::vector<Moment> MomentsOf(const Timeline& timeline);

}  // namespace amethyst::bench
