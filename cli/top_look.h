// What `top` has found at one time: the figures that a writer publishes, or else the tree as its files show it.
//
// Takes no lock and opens nothing, so nobody waits for it. Thread safety: pure functions and plain values.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "amethyst/stats.h"
#include "figures/layout.h"
#include "io/environment.h"

namespace amethyst::cli {

struct Look {
  enum class WriterIs { kThere, kGone, kNotKnown };

  std::optional<figures::Contents> contents{};
  std::string no_contents{};         // Why there are none.
  std::vector<LevelStats> levels{};  // The figures', or the tree's where no writer is there. Runs may be 0.
  WriterIs writer = WriterIs::kNotKnown;
  uint64_t now_ms = 0;  // Since 1970.
  uint64_t age_ms = 0;  // Of the figures.
};

// kInvalidArgument: the directory holds no database.
[[nodiscard]] Result<Look> TakeLook(io::Environment& environment, const std::string& directory);

// A second: of what the figures counted between two looks at one writer, and what took how long in between.
struct Rates {
  double seconds = 0;
  double writes = 0;
  double entries_written = 0;
  double bytes_written = 0;
  double gets = 0;
  double seeks = 0;
  double wal_bytes = 0;
  double wal_syncs = 0;
  double table_bytes_read = 0;  // By compactions.
  double table_bytes_written = 0;
  std::optional<double> hits;            // Of the cache, of all lookups in it: 0 to 1; nullopt: there were none.
  std::array<Histogram, 3> latencies{};  // In the order of figures::Histograms().
};
// nullopt: the figures are of one update, or of two writers.
[[nodiscard]] std::optional<Rates> RatesBetween(const Look& before, const Look& now);

// What happened, without its time.
[[nodiscard]] std::string TextOf(const figures::Event& event);

}  // namespace amethyst::cli
