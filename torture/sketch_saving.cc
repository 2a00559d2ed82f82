#include "torture/sketch_saving.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "torture/blind_file_system.h"

namespace amethyst::torture {

namespace {

constexpr size_t kKeyLength = 16;
constexpr size_t kValueLength = 100;
// What the memtable takes for an entry, roughly.
constexpr size_t kMemtableEntryBytes = 150;
constexpr uint64_t kWriteBuffers = 40;
constexpr uint64_t kOverwrites = 3;

// Draws ranks in proportion to about 1 / (rank + 1)^0.99, by the integral of the density.
uint64_t ZipfRank(base::Random& random, uint64_t ranks) {
  constexpr double kRest = 1 - 0.99;
  const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
  const double most = std::pow(static_cast<double>(ranks) + 1, kRest);
  const double rank = std::pow(1 + uniform * (most - 1), 1 / kRest) - 1;
  return std::min(static_cast<uint64_t>(rank), ranks - 1);
}

uint64_t Draw(base::Random& random, const SketchSavingSettings& settings) {
  if (settings.skew == Skew::kZipf) return ZipfRank(random, settings.entries);
  constexpr uint64_t kRanges = 64, kOddFactor = 29;  // The hot ranges do not lie side by side.
  const uint64_t in_range = std::max<uint64_t>(settings.entries / kRanges, 1);
  return ZipfRank(random, kRanges) * kOddFactor % kRanges * in_range + random.Below(in_range);
}

class Load {
 public:
  Load(const SketchSavingSettings& settings, std::shared_ptr<io::FileSystem> files)
      : settings_(settings),
        random_(settings.seed),
        environment_(std::make_shared<simulation::SerialEnvironment>(std::move(files), settings.seed)) {}

  // The statistics of loading, and of all; both empty after a violation.
  std::pair<Stats, Stats> Run(std::string* violation) {
    Options options;
    options.compression = Compression::kNone;
    options.write_buffer_bytes =
        std::max<size_t>(settings_.entries * kMemtableEntryBytes / kWriteBuffers, size_t{64} << 10);
    options.memory_budget_bytes = std::max<size_t>(8 * options.write_buffer_bytes, size_t{8} << 20);
    Components components;
    components.environment = environment_;
    auto opened = DB::Open("/db", options, std::move(components));
    if (!opened) return Failed(opened.error(), violation);
    DB& db = **opened;

    // An odd factor modulo a power of two, less what is out of range, is a permutation.
    const uint64_t mask = std::bit_ceil(settings_.entries) - 1;
    for (uint64_t i = 0; i <= mask; ++i) {
      const uint64_t number = i * 0x9e3779b97f4a7c15u & mask;
      if (number >= settings_.entries) continue;
      if (const Status put = Put(db, number); !put) return Failed(put.error(), violation);
    }
    const Stats loaded = db.GetStats();
    for (uint64_t i = 0; i < kOverwrites * settings_.entries; ++i) {
      if (const Status put = Put(db, Draw(random_, settings_)); !put) return Failed(put.error(), violation);
    }
    const std::pair stats(loaded, db.GetStats());
    if (const Status closed = db.Close(); !closed) return Failed(closed.error(), violation);
    return stats;
  }

 private:
  std::pair<Stats, Stats> Failed(const Error& error, std::string* violation) {
    *violation = "a step failed: " + error.ToString();
    return {};
  }

  Status Put(DB& db, uint64_t number) {
    const std::string key = fmt::format("{:016}", number);
    const Status put = db.Put(key, value_);
    // Background work keeps up: none of it waits when the next write comes.
    while (environment_->RunOneJob()) {
    }
    return put;
  }

  const SketchSavingSettings settings_;
  base::Random random_;
  const std::shared_ptr<simulation::SerialEnvironment> environment_;
  const std::string value_ = std::string(kValueLength, 'v');
};

}  // namespace

SketchSavingReport MeasureSketchSaving(const SketchSavingSettings& settings) {
  SketchSavingReport report;
  for (const bool with : {true, false}) {
    std::shared_ptr<io::FileSystem> files = std::make_shared<io::MemoryFileSystem>();
    if (!with) files = std::make_shared<BlindFileSystem>(std::move(files));
    const auto [loaded, all] = Load(settings, std::move(files)).Run(&report.violation);
    if (!report.violation.empty()) return report;
    const uint64_t written = all.compaction_bytes_written - loaded.compaction_bytes_written;
    const uint64_t flushed = all.flush_bytes_written - loaded.flush_bytes_written;
    const double amplification = static_cast<double>(written + flushed) /
                                 static_cast<double>(kOverwrites * settings.entries * (kKeyLength + kValueLength));
    (with ? report.written_with : report.written_without) = written;
    (with ? report.amplification_with : report.amplification_without) = amplification;
  }
  return report;
}

}  // namespace amethyst::torture
