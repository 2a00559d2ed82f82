#include "cli/top_look.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/moments.h"
#include "cli/text.h"
#include "figures/reader.h"
#include "figures/words.h"
#include "inspect/family_figures.h"
#include "inspect/tree_report.h"
#include "tree/file_names.h"

namespace amethyst::cli {

namespace {

Result<std::vector<LevelStats>> LevelsOfTree(io::FileSystem& files, const std::string& directory) {
  AMETHYST_ASSIGN(const inspect::TreeReport report, inspect::InspectTree(files, directory));
  std::vector<LevelStats> levels(key::kLevels);
  for (const inspect::FamilyFigures& family : inspect::FiguresByFamily(report.state)) {
    for (size_t level = 0; level < levels.size(); ++level) {
      const inspect::FamilyFigures::Level& found = family.levels[level];
      levels[level].tables += found.tables;
      levels[level].runs += level == 0 ? found.tables : (found.tables == 0 ? 0 : 1);
      levels[level].bytes += found.bytes;
      levels[level].entries += found.entries;
      levels[level].deletes += found.deletes;
    }
  }
  return levels;
}

// The clock of the heartbeat does not jump, but begins anew with the system, after which no writer is there.
uint64_t AgeMs(const Look& look, io::Clock& clock) {
  const figures::Figures& figures = look.contents->figures;
  const auto now_ns = static_cast<uint64_t>(clock.Monotonic().count());
  const bool same_boot = look.writer != Look::WriterIs::kGone && figures.heartbeat_ns <= now_ns;
  constexpr uint64_t kNsPerMs = 1'000'000;
  return same_boot ? (now_ns - figures.heartbeat_ns) / kNsPerMs
                   : look.now_ms - std::min(look.now_ms, figures.updated_ms);
}

Histogram Difference(const Histogram& before, const Histogram& now) {
  Histogram difference = now;
  for (size_t i = 0; i < difference.buckets.size(); ++i) {
    difference.buckets[i] -= std::min(before.buckets[i], now.buckets[i]);
  }
  difference.count -= std::min(before.count, now.count);
  difference.sum -= std::min(before.sum, now.sum);
  return difference;
}

std::string Milliseconds(uint64_t microseconds) {
  return fmt::format("{:.1f} ms", static_cast<double>(microseconds) / 1000);
}

}  // namespace

Result<Look> TakeLook(io::Environment& environment, const std::string& directory) {
  io::FileSystem& files = environment.files();
  Look look{.now_ms = static_cast<uint64_t>(environment.clock().WallTime().count())};
  const auto locked = files.IsLocked(io::JoinPath(directory, tree::kLockFileName));
  if (locked) look.writer = *locked ? Look::WriterIs::kThere : Look::WriterIs::kGone;
  Result<figures::Contents> contents = figures::Read(files, io::JoinPath(directory, tree::kStatsFileName));
  if (contents) {
    look.contents = *std::move(contents);
    look.age_ms = AgeMs(look, environment.clock());
  } else {
    const auto exists = files.Exists(io::JoinPath(directory, tree::kStatsFileName));
    look.no_contents = exists && *exists ? contents.error().message() : "no writer has published figures here";
  }
  Result<std::vector<LevelStats>> levels = LevelsOfTree(files, directory);
  if (look.contents && (look.writer != Look::WriterIs::kGone || !levels)) {
    look.levels = look.contents->figures.stats.levels;
  } else {
    if (!levels) return std::unexpected(levels.error());
    look.levels = *std::move(levels);
  }
  return look;
}

std::optional<Rates> RatesBetween(const Look& before, const Look& now) {
  if (!before.contents || !now.contents || before.contents->writer != now.contents->writer) return std::nullopt;
  const figures::Figures& first = before.contents->figures;
  const figures::Figures& last = now.contents->figures;
  if (last.updates <= first.updates || last.heartbeat_ns <= first.heartbeat_ns) return std::nullopt;
  const Stats& then = first.stats;
  Rates rates{.seconds = static_cast<double>(last.heartbeat_ns - first.heartbeat_ns) / 1e9, .hits = {}};
  const auto grown = [&](uint64_t Stats::* field) {
    return static_cast<double>(last.stats.*field - std::min(then.*field, last.stats.*field));
  };
  const struct {
    double Rates::* rate;
    uint64_t Stats::* field;
  } kFields[] = {{&Rates::writes, &Stats::writes},
                 {&Rates::entries_written, &Stats::entries_written},
                 {&Rates::bytes_written, &Stats::user_bytes_written},
                 {&Rates::gets, &Stats::gets},
                 {&Rates::seeks, &Stats::seeks},
                 {&Rates::wal_bytes, &Stats::wal_bytes},
                 {&Rates::wal_syncs, &Stats::wal_syncs},
                 {&Rates::table_bytes_read, &Stats::compaction_bytes_read},
                 {&Rates::table_bytes_written, &Stats::compaction_bytes_written}};
  for (const auto& [rate, field] : kFields) rates.*rate = grown(field) / rates.seconds;
  rates.table_bytes_written += grown(&Stats::flush_bytes_written) / rates.seconds;
  const double lookups = grown(&Stats::cache_hits) + grown(&Stats::cache_misses);
  if (lookups > 0) rates.hits = grown(&Stats::cache_hits) / lookups;
  for (size_t i = 0; i < rates.latencies.size(); ++i) {
    const auto field = figures::Histograms()[i].field;
    rates.latencies[i] = Difference(then.*field, last.stats.*field);
  }
  return rates;
}

std::string TextOf(const figures::Event& event) {
  const auto& numbers = event.numbers;
  const auto stall = static_cast<figures::Stall>(event.from);
  switch (event.kind) {
    case figures::EventKind::kOpen: return "opened by a writer";
    case figures::EventKind::kFlush:
      return fmt::format("flushed {} of memory to {}, {}", HumanBytes(numbers[0]), HumanBytes(numbers[1]),
                         Milliseconds(numbers[2]));
    case figures::EventKind::kCompaction:
      return fmt::format("compacted {} of level {} into {}: {} to {}, {}: {}", Counted(numbers[0], "table", "tables"),
                         event.from, event.to, HumanBytes(numbers[1]), HumanBytes(numbers[2]), Milliseconds(numbers[3]),
                         Readable(event.text));
    case figures::EventKind::kStallBegins:
      return fmt::format("{}{}{}", SentenceOf(stall), event.text.empty() ? "" : ": ", Readable(event.text));
    case figures::EventKind::kStallEnds:
      return fmt::format("that ends after {}: {}", DurationText(std::chrono::milliseconds(numbers[0])),
                         SentenceOf(stall));
    case figures::EventKind::kError: return fmt::format("error: {}", Readable(event.text));
  }
  return fmt::format("event of kind {}, which this build does not know", static_cast<unsigned>(event.kind));
}

}  // namespace amethyst::cli
