// inspect, dump, stats: looking inside.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <optional>
#include <string_view>

#include "base/assert.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/show.h"
#include "inspect/log_dump.h"
#include "inspect/table_report.h"
#include "inspect/tree_report.h"
#include "key/kind.h"
#include "key/range.h"

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

// The bounds that a range delete of a log has in place of a key; an open side is left out, as JSON null.
void PrintRangeDelete(const Invocation& invocation, uint64_t sequence, std::string_view encoded) {
  Console& console = invocation.console();
  key::Range range;
  const bool is_whole = key::ReadRange(&encoded, &range);
  AMETHYST_ASSERT(is_whole);  // The reader of the log has read it before.
  if (invocation.json) {
    const auto field = [](std::string_view name, std::optional<std::string_view> bound) {
      return bound ? JsonField(name, *bound) : fmt::format("\"{}\":null", name);
    };
    fmt::print(console.out, "{{\"sequence\":{},\"kind\":\"range delete\",{},{}}}\n", sequence,
               field("begin", range.begin), field("end", range.end));
    return;
  }
  const auto text = [&](std::optional<std::string_view> bound) {
    return bound ? Colored(console.ColorsOut(), Hue::kKey, Readable(*bound)) : std::string();
  };
  fmt::print(console.out, "{}\trange delete\t{}\t..\t{}\n", sequence, text(range.begin), text(range.end));
}

// One line for the entry. False: nobody wants more.
bool PrintEntry(const Invocation& invocation, const inspect::ShownEntry& entry) {
  Console& console = invocation.console();
  const std::string_view kind = key::TraitsOf(entry.tag.kind()).name;
  const bool has_value = key::HasValue(entry.tag.kind());
  const uint64_t sequence = key::Raw(entry.tag.sequence());
  if (entry.tag.kind() == key::EntryKind::kRangeDelete) {
    PrintRangeDelete(invocation, sequence, entry.value);
  } else if (invocation.json) {
    fmt::print(console.out, "{{\"sequence\":{},\"kind\":\"{}\",{}{}{}}}\n", sequence, kind, JsonField("key", entry.key),
               has_value ? "," : "", has_value ? JsonField("value", entry.value) : "");
  } else {
    fmt::print(console.out, "{}\t{}\t{}{}{}\n", sequence, kind,
               Colored(console.ColorsOut(), Hue::kKey, Readable(entry.key)), has_value ? "\t" : "",
               has_value ? Readable(entry.value) : "");
  }
  return console.out.good() && !invocation.interrupted();
}

Result<ExitCode> Dump(const Invocation& invocation) {
  const std::string path(*invocation.arguments.at(0));
  io::FileSystem& files = invocation.session.environment().files();
  AMETHYST_ASSIGN(const FileKind kind, KindOf(files, path));
  const auto print = [&](const inspect::ShownEntry& entry) { return PrintEntry(invocation, entry); };
  std::vector<std::string> problems;
  if (kind == FileKind::kTable) {
    AMETHYST_ASSIGN(problems, inspect::DumpTable(files, path, print));
  } else if (kind == FileKind::kLog) {
    AMETHYST_ASSIGN(const wal::SegmentSummary summary, inspect::DumpLog(files, path, print));
    if (!summary.damage.empty()) problems.push_back(fmt::format("stops at {}: {}", summary.end.offset, summary.damage));
  } else {
    return base::InvalidArgument("{}: holds no entries; `inspect` shows it", path);
  }
  if (problems.empty() || invocation.interrupted()) return ExitCode::kOk;
  return base::Corruption("{}: {}", path, fmt::join(problems, "; "));
}

void PrintLine(Console& console, std::string_view name, const std::string& text) {
  fmt::print(console.out, "{:<12}{}\n", name, text);
}

void PrintTables(Console& console, const Stats& stats) {
  const auto line = [&](std::string_view name, const std::string& text) { PrintLine(console, name, text); };
  uint64_t tables = 0;
  uint64_t bytes = 0;
  uint64_t entries = 0;
  for (size_t level = 0; level < stats.levels.size(); ++level) {
    const LevelStats& at = stats.levels[level];
    tables += at.tables;
    bytes += at.bytes;
    entries += at.entries;
    if (at.tables == 0) continue;
    line(fmt::format("level {}", level),
         fmt::format("{}, {}, {} ({} deletes)", Counted(at.tables, "table", "tables"), HumanBytes(at.bytes),
                     Counted(at.entries, "entry", "entries"), Grouped(at.deletes)));
  }
  line("tables", fmt::format("{}, {}, {}", Grouped(tables), HumanBytes(bytes), Counted(entries, "entry", "entries")));
}

// What the log of the directory holds, no matter who wrote it.
Status PrintLogFiles(const Invocation& invocation) {
  AMETHYST_ASSIGN(const inspect::TreeReport report, inspect::InspectTree(invocation.session.environment().files(),
                                                                         invocation.session.settings().directory));
  uint64_t bytes = 0;
  uint64_t unflushed = 0;
  for (const inspect::SegmentFile& segment : report.segments) {
    bytes += segment.summary.end.offset;
    unflushed += segment.needed ? segment.unflushed_entries : 0;
  }
  PrintLine(invocation.console(), "log",
            fmt::format("{}, {}, {} in it alone", Counted(report.segments.size(), "segment", "segments"),
                        HumanBytes(bytes), Counted(unflushed, "entry", "entries")));
  return {};
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

Result<ExitCode> ShowStats(const Invocation& invocation) {
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kRead));
  const Stats stats = database->GetStats();
  if (invocation.json) {
    invocation.console().out << stats.ToJson() << '\n';
    return ExitCode::kOk;
  }
  PrintTables(invocation.console(), stats);
  AMETHYST_TRY(PrintLogFiles(invocation));
  if (invocation.from_lines) PrintActivity(invocation.console(), stats);  // Else the process has just started.
  return ExitCode::kOk;
}

constexpr OptionSpec kInspectOptions[] = {
    {.name = "--all", .value = "", .help = "list all tables, however many there are"},
};

constexpr Command kInspectCommands[] = {
    {.name = "inspect",
     .arguments = "[FILE]",
     .summary = "Draw the tree of tables and the log; or show what FILE of a database is made of",
     .details = "FILE is a table (.sst), a log segment (.wal), a MANIFEST or CURRENT, of any database; it is read as "
                "far as it\n"
                "is whole. Takes no lock, changes nothing. The bars compare the levels' sizes; of more than 40 tables\n"
                "only the levels are shown. Exit code 3 if something is damaged.\n\n"
                "  amethyst inspect\n  amethyst inspect data/amethyst/000012.sst\n  amethyst inspect --json",
     .arity = {0, 1},
     .options = kInspectOptions,
     .run = Inspect,
     .takes_files = true},
    {.name = "dump",
     .arguments = "FILE",
     .summary = "Print every entry of a table or log segment: sequence, kind, key, value",
     .details =
         "A range delete of a log has its bounds in place of the key, with .. between; an open side is empty, or\n"
         "null with --json.\n\n"
         "  amethyst dump data/amethyst/000013.wal",
     .arity = {1, 1},
     .options = {},
     .run = Dump,
     .takes_files = true},
    {.name = "stats",
     .arguments = "",
     .summary = "Print the sizes of the tables and the log; at the prompt or in a pipe also what this session did",
     .details = "  amethyst stats\n  amethyst stats --json",
     .arity = {0, 0},
     .options = {},
     .run = ShowStats},
};

}  // namespace

std::span<const Command> InspectCommands() { return kInspectCommands; }

}  // namespace amethyst::cli
