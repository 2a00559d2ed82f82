// The tree of a database, level by level, as `inspect` draws it.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "cli/json.h"
#include "cli/picture.h"
#include "cli/show.h"
#include "compaction/level_targets.h"
#include "inspect/tree_report.h"
#include "tree/file_names.h"

namespace amethyst::cli {

namespace {

using inspect::SegmentFile;
using inspect::TreeReport;

constexpr size_t kTablesShown = 40;  // More of them are told by level alone, unless all are asked for.
constexpr size_t kSizeColumns = 20;

// What a key may take of a table's line, which has two.
size_t KeyColumns(const Console& console) {
  constexpr size_t kOtherColumns = 52;
  constexpr size_t kMost = 28;
  constexpr size_t kLeast = 10;
  if (console.columns == 0) return kMost;
  return std::clamp((console.columns - std::min(console.columns, kOtherColumns)) / 2, kLeast, kMost);
}

// The sizes of the levels, and what is derived from them.
struct Sizes {
  std::array<uint64_t, key::kLevels> bytes{};
  size_t tables = 0;
  uint64_t all = 0;
  uint64_t largest = 0;
  key::Level last = 0;  // The deepest that holds anything.

  explicit Sizes(const inspect::ManifestState& state) {
    for (key::Level level = 0; level < key::kLevels; ++level) {
      for (const tree::AddedTable& table : state.levels[level]) bytes[level] += table.info.file_bytes;
      tables += state.levels[level].size();
      all += bytes[level];
      largest = std::max(largest, bytes[level]);
      if (bytes[level] != 0) last = level;
    }
  }
  // How much of its share, a tenth of the level below at each step up from the last, the level holds; 0: it has none.
  [[nodiscard]] double Filled(key::Level level) const {
    if (level == 0 || level >= last) return 0;
    double target = static_cast<double>(bytes[last]);
    for (key::Level at = last; at > level; --at) target /= static_cast<double>(compaction::kLevelRatio);
    return static_cast<double>(bytes[level]) / target;
  }
};

std::string Sequence(key::SequenceNumber sequence) { return Grouped(key::Raw(sequence)); }

void PrintHeading(Console& console, const std::string& text) {
  fmt::print(console.out, "{}\n", Colored(console.ColorsOut(), Hue::kHeading, text));
}

void PrintLevel(Console& console, key::Level level, const std::vector<tree::AddedTable>& tables, const Sizes& sizes,
                bool with_tables) {
  uint64_t entries = 0;
  for (const tree::AddedTable& table : tables) entries += table.info.entries;
  const uint64_t bytes = sizes.bytes[level];
  const double filled = sizes.Filled(level);
  PrintHeading(
      console,
      fmt::format("level {}  {}  {}, {}, {}{}{}", level,
                  Bar(static_cast<double>(bytes) / static_cast<double>(sizes.largest), kSizeColumns, console.unicode),
                  Counted(tables.size(), "table", "tables"), Counted(entries, "entry", "entries"), HumanBytes(bytes),
                  filled == 0 ? "" : fmt::format(", {:.0f} % of its target", 100 * filled),
                  with_tables && level == 0 && tables.size() > 1 ? " (newest first; they may overlap)" : ""));
  if (!with_tables) return;
  const size_t key_columns = KeyColumns(console);
  for (const tree::AddedTable& table : tables) {
    const bool last = &table == &tables.back();
    const std::string deletes =
        table.info.deletes == 0 ? "" : fmt::format(" ({})", Counted(table.info.deletes, "tombstone", "tombstones"));
    fmt::print(console.out, "{} {}  {:>18}{}  {:>9}  {} .. {}\n", last ? "`--" : "|--",
               tree::TableFileName(table.number), Counted(table.info.entries, "entry", "entries"), deletes,
               HumanBytes(table.info.file_bytes),
               Colored(console.ColorsOut(), Hue::kKey, Fit(table.info.smallest, key_columns)),
               Colored(console.ColorsOut(), Hue::kKey, Fit(table.info.largest, key_columns)));
  }
}

void PrintLog(const Invocation& invocation, const TreeReport& report) {
  Console& console = invocation.console();
  uint64_t unflushed = 0;
  for (const SegmentFile& segment : report.segments) unflushed += segment.needed ? segment.unflushed_entries : 0;
  PrintHeading(console,
               fmt::format("memory  {} in the log alone, not in a table yet", Counted(unflushed, "entry", "entries")));
  if (DB* const database = invocation.session.open_database()) {
    const Stats stats = database->GetStats();
    fmt::print(console.out, "    {}, {}, in this process\n", Counted(stats.memtables, "memtable", "memtables"),
               HumanBytes(stats.memtable_bytes));
  }
  PrintHeading(console, fmt::format("log  {}", Counted(report.segments.size(), "segment", "segments")));
  for (const SegmentFile& segment : report.segments) {
    fmt::print(console.out, "{} {}  {:>18}  {:>9} used of {}{}{}\n",
               &segment == &report.segments.back() ? "`--" : "|--", tree::LogFileName(segment.number),
               Counted(segment.entries, "entry", "entries"), HumanBytes(segment.summary.end.offset),
               HumanBytes(segment.file_bytes), segment.needed ? "" : ", not needed any more",
               segment.summary.damage.empty() ? "" : ", then " + segment.summary.damage);
  }
}

void PrintTree(const Invocation& invocation, const TreeReport& report) {
  Console& console = invocation.console();
  const inspect::ManifestState& state = report.state;
  fmt::print(console.out, "database {}  uid {}  order {}\n", invocation.session.settings().directory,
             UidText(state.database_uid), state.comparator_name);
  fmt::print(console.out, "{}  {}, last sequence {}, flushed up to {}, {}\n\n", tree::ManifestFileName(report.manifest),
             Counted(report.manifest_report.records, "record", "records"), Sequence(state.last_sequence),
             Sequence(state.flushed_sequence), state.clean_log_end ? "closed cleanly" : "open, or not closed cleanly");
  PrintLog(invocation, report);
  const Sizes sizes(state);
  const bool with_tables = sizes.tables <= kTablesShown || invocation.arguments.Has("--all");
  for (key::Level level = 0; level < key::kLevels; ++level) {
    if (!state.levels[level].empty()) PrintLevel(console, level, state.levels[level], sizes, with_tables);
  }
  if (!with_tables) fmt::print(console.out, "{} tables in all; --all lists them\n", Grouped(sizes.tables));
  if (sizes.all != 0) {
    fmt::print(console.out, "space  {}, {:.2f} times the last level\n", HumanBytes(sizes.all),
               static_cast<double>(sizes.all) / static_cast<double>(sizes.bytes[sizes.last]));
  }
  if (!report.leftovers.empty())
    fmt::print(console.out, "left over, not in use: {}\n", fmt::join(report.leftovers, " "));
  if (!report.foreign.empty()) fmt::print(console.out, "not the database's: {}\n", fmt::join(report.foreign, " "));
  for (const std::string& problem : report.problems) {
    fmt::print(console.out, "{} {}\n", Colored(console.ColorsOut(), Hue::kBad, "damaged:"), problem);
  }
}

Json TableJson(const tree::AddedTable& table) {
  Json object = {{"file", tree::TableFileName(table.number)},
                 {"entries", table.info.entries},
                 {"deletes", table.info.deletes},
                 {"bytes", table.info.file_bytes},
                 {"smallest_sequence", key::Raw(table.info.smallest_sequence)},
                 {"largest_sequence", key::Raw(table.info.largest_sequence)}};
  AddBytes(&object, "smallest", table.info.smallest);
  AddBytes(&object, "largest", table.info.largest);
  return object;
}

Json TreeJson(const Invocation& invocation, const TreeReport& report) {
  const inspect::ManifestState& state = report.state;
  Json object = {{"database", JsonMessage(invocation.session.settings().directory)},
                 {"uid", UidText(state.database_uid)},
                 {"order", state.comparator_name},
                 {"manifest", tree::ManifestFileName(report.manifest)},
                 {"last_sequence", key::Raw(state.last_sequence)},
                 {"flushed_sequence", key::Raw(state.flushed_sequence)},
                 {"closed_cleanly", state.clean_log_end.has_value()},
                 {"levels", Json::array()},
                 {"log", Json::array()}};
  for (const auto& tables : state.levels) {
    Json level = Json::array();
    for (const tree::AddedTable& table : tables) level.push_back(TableJson(table));
    object["levels"].push_back(std::move(level));
  }
  for (const SegmentFile& segment : report.segments) {
    object["log"].push_back({{"file", tree::LogFileName(segment.number)},
                             {"file_bytes", segment.file_bytes},
                             {"used_bytes", segment.summary.end.offset},
                             {"records", segment.summary.records},
                             {"entries", segment.entries},
                             {"unflushed_entries", segment.unflushed_entries},
                             {"needed", segment.needed},
                             {"damage", JsonMessage(segment.summary.damage)}});
  }
  if (DB* const database = invocation.session.open_database()) {
    const Stats stats = database->GetStats();
    object["memtables"] = stats.memtables;
    object["memtable_bytes"] = stats.memtable_bytes;
  }
  const auto add_texts = [&](const char* name, const std::vector<std::string>& texts) {
    object[name] = Json::array();
    for (const std::string& text : texts) object[name].push_back(JsonMessage(text));
  };
  add_texts("leftovers", report.leftovers);
  add_texts("foreign", report.foreign);
  add_texts("problems", report.problems);
  return object;
}

}  // namespace

std::string UidText(const base::Uid& uid) { return fmt::format("{:016x}{:016x}", uid.high, uid.low); }

Result<ExitCode> ShowTree(const Invocation& invocation) {
  AMETHYST_ASSIGN(const TreeReport report, inspect::InspectTree(invocation.session.environment().files(),
                                                                invocation.session.settings().directory));
  if (invocation.json) {
    invocation.console().out << TreeJson(invocation, report).dump() << '\n';
  } else {
    PrintTree(invocation, report);
  }
  return report.problems.empty() ? ExitCode::kOk : ExitCode::kError;
}

}  // namespace amethyst::cli
