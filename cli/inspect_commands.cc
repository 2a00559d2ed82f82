// inspect, dump, stats: looking inside; cli/show.h shows the files.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/show.h"
#include "inspect/family_figures.h"
#include "inspect/tree_report.h"

namespace amethyst::cli {

namespace {

Result<ExitCode> Inspect(const Invocation& invocation) {
  const auto argument = invocation.arguments.at(0);
  if (!argument) return ShowTree(invocation);
  const std::string path(*argument);
  AMETHYST_ASSIGN(const FileKind kind, KindOf(invocation.session.environment().files(), path));
  switch (kind) {
    case FileKind::kTable: return ShowTable(invocation, path);
    case FileKind::kLog: return ShowLog(invocation, path);
    case FileKind::kManifest: return ShowManifest(invocation, path);
    case FileKind::kCurrent: return ShowCurrent(invocation, path);
  }
  std::unreachable();
}

void PrintLine(Console& console, std::string_view name, const std::string& text) {
  fmt::print(console.out, "{:<12}{}\n", name, text);
}

std::string LevelText(const inspect::FamilyFigures::Level& level) {
  return fmt::format("{}, {}, {} ({} deletes)", Counted(level.tables, "table", "tables"), HumanBytes(level.bytes),
                     Counted(level.entries, "entry", "entries"), Grouped(level.deletes));
}

// The levels of one family, or of all together.
void PrintTables(Console& console, const inspect::FamilyFigures& figures) {
  for (size_t level = 0; level < figures.levels.size(); ++level) {
    if (figures.levels[level].tables == 0) continue;
    PrintLine(console, fmt::format("level {}", level), LevelText(figures.levels[level]));
  }
  const inspect::FamilyFigures::Level all = figures.All();
  PrintLine(
      console, "tables",
      fmt::format("{}, {}, {}", Grouped(all.tables), HumanBytes(all.bytes), Counted(all.entries, "entry", "entries")));
  if (figures.range_deletes == 0) return;
  PrintLine(console, "deletes",
            fmt::format("{} of keys deleted by range, {}", Counted(figures.range_deletes, "stretch", "stretches"),
                        HumanBytes(figures.range_delete_bytes)));
}

void PrintFamilies(Console& console, std::span<const inspect::FamilyFigures> families) {
  if (families.size() < 2) return;
  for (const inspect::FamilyFigures& family : families) {
    const std::string ranges =
        family.range_deletes == 0
            ? ""
            : fmt::format(", {} deleted by range", Counted(family.range_deletes, "stretch", "stretches"));
    PrintLine(console, "family", fmt::format("{}: {}{}", Readable(family.name), LevelText(family.All()), ranges));
  }
}

inspect::FamilyFigures Together(std::span<const inspect::FamilyFigures> families) {
  inspect::FamilyFigures all;
  for (const inspect::FamilyFigures& family : families) {
    for (size_t level = 0; level < family.levels.size(); ++level) all.levels[level] += family.levels[level];
    all.range_deletes += family.range_deletes;
    all.range_delete_bytes += family.range_delete_bytes;
  }
  return all;
}

// What the log of the directory holds, no matter who wrote it.
void PrintLogFiles(Console& console, const inspect::TreeReport& report) {
  uint64_t bytes = 0;
  uint64_t unflushed = 0;
  for (const inspect::SegmentFile& segment : report.segments) {
    bytes += segment.summary.end.offset;
    unflushed += segment.needed ? segment.unflushed_entries : 0;
  }
  PrintLine(console, "log",
            fmt::format("{}, {}, {} in it alone", Counted(report.segments.size(), "segment", "segments"),
                        HumanBytes(bytes), Counted(unflushed, "entry", "entries")));
}

// What this process has done.
void PrintActivity(Console& console, const Stats& stats) {
  const auto line = [&](std::string_view name, const std::string& text) { PrintLine(console, name, text); };
  line("memtables", fmt::format("{}, {}", stats.memtables, HumanBytes(stats.memtable_bytes)));
  line("memory", fmt::format("{}, of it cache {} of {}", HumanBytes(stats.memory_bytes), HumanBytes(stats.cache_bytes),
                             HumanBytes(stats.cache_capacity_bytes)));
  line("cache", fmt::format("{} hits, {} misses, {} evictions", Grouped(stats.cache_hits), Grouped(stats.cache_misses),
                            Grouped(stats.cache_evictions)));
  line("reads", fmt::format("{} gets ({} found), {} seeks, {} spared by filters", Grouped(stats.gets),
                            Grouped(stats.gets_found), Grouped(stats.seeks), Grouped(stats.filter_negatives)));
  line("writes", fmt::format("{} batches, {}, {} of keys and values", Grouped(stats.writes),
                             Counted(stats.entries_written, "entry", "entries"), HumanBytes(stats.user_bytes_written)));
  line("log written", fmt::format("{}, {} syncs, {} torn tails cut at open", HumanBytes(stats.wal_bytes),
                                  Grouped(stats.wal_syncs), stats.wal_torn_tails));
  line("background", fmt::format("{} flushes ({}), {} compactions ({} read, {} written), debt {}",
                                 Grouped(stats.flushes), HumanBytes(stats.flush_bytes_written),
                                 Grouped(stats.compactions), HumanBytes(stats.compaction_bytes_read),
                                 HumanBytes(stats.compaction_bytes_written), HumanBytes(stats.compaction_debt_bytes)));
}

Result<ExitCode> ShowFamilyStats(const Invocation& invocation, std::span<const inspect::FamilyFigures> families,
                                 std::string_view name) {
  const auto family = std::ranges::find(families, name, &inspect::FamilyFigures::name);
  if (family == families.end()) return WrongUsage(invocation, NoFamilyText(families, name));
  if (invocation.json) {
    invocation.console().out << FamilyJson(*family).dump() << '\n';
  } else {
    PrintTables(invocation.console(), *family);
  }
  return ExitCode::kOk;
}

// The counters with what each family has in tables as one more field.
std::string StatsJson(const Stats& stats, std::span<const inspect::FamilyFigures> families) {
  Json list = Json::array();
  for (const inspect::FamilyFigures& family : families) list.push_back(FamilyJson(family));
  std::string json = stats.ToJson();
  json.pop_back();
  return fmt::format("{},\"families\":{}}}", json, list.dump());
}

// Of an application that has it open.
void PrintWriter(Console& console, const Stats& stats) {
  if (!stats.follower || !stats.follower->writer_sequence) return;
  PrintLine(console, "writer",
            fmt::format("at sequence {}, durable up to {}, when it published last; here {}",
                        *stats.follower->writer_sequence, *stats.follower->writer_durable_sequence, stats.sequence));
}

Result<ExitCode> ShowStats(const Invocation& invocation) {
  Console& console = invocation.console();
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kRead));
  AMETHYST_ASSIGN(const inspect::TreeReport report, inspect::InspectTree(invocation.session.environment().files(),
                                                                         invocation.session.settings().directory));
  const std::vector<inspect::FamilyFigures> families = inspect::FiguresByFamily(report.state);
  if (const auto name = invocation.arguments.Value("--family")) return ShowFamilyStats(invocation, families, *name);
  const Stats stats = database->GetStats();
  if (invocation.json) {
    console.out << StatsJson(stats, families) << '\n';
    return ExitCode::kOk;
  }
  PrintTables(console, Together(families));
  PrintFamilies(console, families);
  PrintLogFiles(console, report);
  PrintWriter(console, stats);
  if (invocation.from_lines) PrintActivity(console, stats);  // Else the process has just started.
  return ExitCode::kOk;
}

constexpr OptionSpec kInspectOptions[] = {
    {.name = "--all", .value = "", .help = "list all tables, however many there are"},
};

constexpr OptionSpec kDumpOptions[] = {
    {.name = "--family", .value = "NAME", .help = "the entries of that family alone; else those of all"},
};
constexpr OptionSpec kStatsOptions[] = {
    {.name = "--family", .value = "NAME", .help = "what that family has in tables; else all together, and each"},
};

constexpr Command kInspectCommands[] = {
    {.name = "inspect",
     .arguments = "[FILE]",
     .summary = "Draw the tree of tables and the log; or show what FILE of a database is made of",
     .details = "FILE is a table (.sst), a log segment (.wal), a MANIFEST or CURRENT, of any database; it is read as "
                "far as it\n"
                "is whole. Takes no lock, changes nothing. Exit code 3 if something is damaged.\n\n"
                "A level's first bar compares its size to the largest level's, the second shows how much of its target "
                "it\n"
                "holds: the compactions' own, for a program with the memory of --memory. Reads, writes and space are "
                "what\n"
                "the shape costs: the places a lookup looks at, how often a new byte is written to tables until it is "
                "at\n"
                "the last level, and the bytes on disk for each of that. Of more than 40 tables only levels are "
                "shown.\nOn a terminal, what is longer than the screen goes through $PAGER, or less.\n\n"
                "  amethyst inspect\n  amethyst inspect data/amethyst/000012.sst\n  amethyst inspect --json",
     .arity = {0, 1},
     .options = kInspectOptions,
     .run = Inspect,
     .takes_files = true,
     .paged = true},
    {.name = "dump",
     .arguments = "FILE",
     .summary = "Print every entry of a table or log segment: sequence, kind, key, value",
     .details =
         "The kind is followed by the family, unless that is the default one: put in users. A range delete has its\n"
         "bounds in place of the key, with .. between; an open side is empty, or null with --json.\n\n"
         "  amethyst dump data/amethyst/000013.wal\n"
         "  amethyst dump data/amethyst/000013.wal --family users",
     .arity = {1, 1},
     .options = kDumpOptions,
     .run = ShowEntries,
     .takes_files = true},
    {.name = "stats",
     .arguments = "",
     .summary = "Print the sizes of the tables, by family, and of the log; at the prompt or in a pipe also what this "
                "session did",
     .details = "  amethyst stats\n  amethyst stats --family users\n  amethyst stats --json",
     .arity = {0, 0},
     .options = kStatsOptions,
     .run = ShowStats},
};

}  // namespace

std::span<const Command> InspectCommands() { return kInspectCommands; }

}  // namespace amethyst::cli
