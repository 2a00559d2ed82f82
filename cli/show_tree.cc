// The tree of a database, level by level, as `inspect` draws it.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/picture.h"
#include "cli/show.h"
#include "engine/settings.h"
#include "inspect/family_figures.h"
#include "inspect/level_shares.h"
#include "inspect/tree_report.h"
#include "tree/file_names.h"

namespace amethyst::cli {

namespace {

using inspect::SegmentFile;
using inspect::TreeReport;

constexpr size_t kTablesShown = 40;  // More of them are told by level alone, unless all are asked for.
constexpr size_t kBarColumnsMin = 4;
constexpr size_t kBarColumnsMax = 20;
constexpr std::string_view kUnderLevel = "       ";  // As wide as "level 0".
constexpr size_t kColumnsForCounts = 76;             // On a narrower terminal a table's line has no number of entries.

// What a key may take of a table's line, which has two, with " .. " between them.
size_t KeyColumns(const Console& console, size_t left_of_them) {
  constexpr size_t kMost = 28;
  constexpr size_t kLeast = 8;
  if (console.columns == 0) return kMost;
  return std::clamp((console.columns - std::min(console.columns, left_of_them + 4)) / 2, kLeast, kMost);
}

// The tables of one family, level by level.
using FamilyTables = std::array<std::vector<const tree::AddedTable*>, key::kLevels>;

FamilyTables TablesOf(const inspect::ManifestState& state, key::FamilyId family) {
  FamilyTables of_it;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    for (const tree::AddedTable& table : state.levels[level]) {
      if (table.family == family) of_it[level].push_back(&table);
    }
  }
  return of_it;
}

// As a process that has the database open would plan, with this session's memory.
compaction::PlannerSettings PlannerSettingsOf(const Invocation& invocation) {
  Options options;
  options.memory_budget_bytes = invocation.session.settings().memory_bytes.value_or(options.memory_budget_bytes);
  const auto settings = engine::CheckOptions(options);
  compaction::PlannerSettings planner;
  if (settings) planner.write_buffer_bytes = settings->write_buffer_bytes;
  return planner;
}

std::string Sequence(key::SequenceNumber sequence) { return Grouped(key::Raw(sequence)); }

void PrintHeading(Console& console, const std::string& text) {
  fmt::print(console.out, "{}\n", Colored(console.ColorsOut(), Hue::kHeading, text));
}

// Parts that belong together, two blanks between them, on as many lines as the terminal takes.
void PrintParts(Console& console, std::initializer_list<std::string> parts) {
  size_t used = 0;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    const bool fits = used == 0 || console.columns == 0 || used + 2 + part.size() <= console.columns;
    console.out << (used == 0 ? "" : fits ? "  " : "\n  ") << part;
    used = fits ? used + 2 + part.size() : 2 + part.size();
  }
  console.out << '\n';
}

void PrintTable(Console& console, const tree::AddedTable& table, bool is_last) {
  const std::string_view branch = is_last ? "`--" : "|--";
  const std::string file = tree::TableFileName(table.number);
  std::string counts = fmt::format("  {:>18}", Counted(table.info.entries, "entry", "entries"));
  if (table.info.deletes != 0) counts += fmt::format(" ({})", Counted(table.info.deletes, "tombstone", "tombstones"));
  if (console.columns != 0 && console.columns < kColumnsForCounts) counts.clear();
  const std::string left = fmt::format("{} {}{}  {:>9}  ", branch, file, counts, HumanBytes(table.info.file_bytes));
  const size_t key_columns = KeyColumns(console, left.size());
  const auto key = [&](std::string_view bytes) {
    return Colored(console.ColorsOut(), Hue::kKey, Fit(bytes, key_columns));
  };
  fmt::print(console.out, "{}{} .. {}\n", left, key(table.info.smallest), key(table.info.largest));
}

// A bar and what it means, behind a name.
void PrintBar(Console& console, std::string_view name, double share, const std::string& text) {
  const size_t others = name.size() + 4 + text.size();
  const size_t room = console.columns == 0 ? kBarColumnsMax : console.columns - std::min(console.columns, others);
  const size_t columns = std::clamp(room, kBarColumnsMin, kBarColumnsMax);
  fmt::print(console.out, "{}  {}  {}\n", Colored(console.ColorsOut(), Hue::kHeading, name),
             Bar(share, columns, console.unicode), text);
}

std::string TargetText(const inspect::LevelShares& shares, key::Level level) {
  const uint64_t target = shares.target[level];
  if (level == 0) return fmt::format("{:.0f} % of what calls for a merge", 100 * shares.filled[0]);
  if (target == 0) return "no target: it is to be emptied";
  return fmt::format("{:.0f} % of its target, {}", 100 * shares.filled[level], HumanBytes(target));
}

void PrintLevel(Console& console, key::Level level, const std::vector<const tree::AddedTable*>& tables,
                const inspect::LevelShares& shares, bool with_tables) {
  uint64_t entries = 0;
  for (const tree::AddedTable* const table : tables) entries += table->info.entries;
  const uint64_t bytes = shares.bytes[level];
  PrintBar(console, fmt::format("level {}", level), static_cast<double>(bytes) / static_cast<double>(shares.largest),
           fmt::format("{}, {}, {}", Counted(tables.size(), "table", "tables"), Counted(entries, "entry", "entries"),
                       HumanBytes(bytes)));
  if (level != shares.last || level == 0) {
    PrintBar(console, kUnderLevel, shares.filled[level], TargetText(shares, level));
  }
  if (!with_tables) return;
  if (level == 0 && tables.size() > 1) fmt::print(console.out, "|   newest first; they may overlap\n");
  for (const tree::AddedTable* const table : tables) PrintTable(console, *table, table == tables.back());
}

void PrintAmplification(Console& console, const inspect::LevelShares& shares) {
  if (shares.all == 0) return;
  fmt::print(console.out, "reads   {} at the most for a lookup\n",
             Counted(shares.read_amplification, "place", "places"));
  fmt::print(console.out, "writes  each byte {:.1f} times at the most\n", shares.write_amplification);
  fmt::print(console.out, "space   {}, {:.2f} times the last level\n", HumanBytes(shares.all),
             shares.space_amplification);
}

// The family's levels, and what range deletes hide in them. It is named where there are others.
void PrintFamily(const Invocation& invocation, const inspect::ManifestState& state,
                 const inspect::FamilyFigures& family, bool is_named, bool with_tables) {
  Console& console = invocation.console();
  if (is_named) {
    PrintHeading(
        console,
        fmt::format("family {}  id {}{}{}{}", Readable(family.name), key::Raw(family.id),
                    family.comparator_name.empty() ? "" : ", order " + family.comparator_name,
                    family.merge_operator_name.empty() ? "" : ", merges by " + family.merge_operator_name,
                    family.ttl_ms == 0 ? "" : ", ttl " + DurationText(std::chrono::milliseconds(family.ttl_ms))));
  }
  const FamilyTables tables = TablesOf(state, family.id);
  const inspect::LevelShares shares = inspect::SharesOf(state, family.id, PlannerSettingsOf(invocation));
  for (key::Level level = 0; level < key::kLevels; ++level) {
    if (!tables[level].empty()) PrintLevel(console, level, tables[level], shares, with_tables);
  }
  for (const tree::AddedTable& table : state.range_tombstones) {
    if (table.family != family.id) continue;
    fmt::print(console.out, "range deletes  {} of keys, {} in {}\n",
               Counted(table.info.entries, "stretch", "stretches"), HumanBytes(table.info.file_bytes),
               tree::TableFileName(table.number));
  }
  PrintAmplification(console, shares);
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
  PrintParts(console,
             {fmt::format("database {}", invocation.session.settings().directory),
              fmt::format("uid {}", UidText(state.database_uid)), fmt::format("order {}", state.comparator_name)});
  if (!state.ancestors.empty()) fmt::print(console.out, "a copy of {}\n", UidText(state.ancestors.front()));
  PrintParts(console,
             {tree::ManifestFileName(report.manifest), Counted(report.manifest_report.records, "record", "records"),
              fmt::format("last sequence {}", Sequence(state.last_sequence)),
              fmt::format("flushed up to {}", Sequence(state.flushed_sequence)),
              state.clean_log_end ? "closed cleanly" : "open, or not closed cleanly"});
  console.out << '\n';
  PrintLog(invocation, report);
  const std::vector<inspect::FamilyFigures> families = inspect::FiguresByFamily(state);
  uint64_t tables = 0;
  for (const inspect::FamilyFigures& family : families) tables += family.All().tables;
  const bool with_tables = tables <= kTablesShown || invocation.arguments.Has("--all");
  for (const inspect::FamilyFigures& family : families) {
    PrintFamily(invocation, state, family, families.size() > 1, with_tables);
  }
  if (!with_tables) fmt::print(console.out, "{} tables in all; --all lists them\n", Grouped(tables));
  if (!report.leftovers.empty())
    fmt::print(console.out, "left over, not in use: {}\n", fmt::join(report.leftovers, " "));
  if (!report.foreign.empty()) fmt::print(console.out, "not the database's: {}\n", fmt::join(report.foreign, " "));
  for (const std::string& problem : report.problems) {
    fmt::print(console.out, "{} {}\n", Colored(console.ColorsOut(), Hue::kBad, "damaged:"), problem);
  }
}

Json TableJson(const inspect::ManifestState& state, const tree::AddedTable& table) {
  Json object = {{"file", tree::TableFileName(table.number)},
                 {"entries", table.info.entries},
                 {"deletes", table.info.deletes},
                 {"bytes", table.info.file_bytes},
                 {"smallest_sequence", key::Raw(table.info.smallest_sequence)},
                 {"largest_sequence", key::Raw(table.info.largest_sequence)}};
  AddBytes(&object, "family", inspect::FamilyName(state, table.family));
  if (table.holds_tombstones) return object;  // Its keys are numbers.
  AddBytes(&object, "smallest", table.info.smallest);
  AddBytes(&object, "largest", table.info.largest);
  return object;
}

void AddShares(const inspect::LevelShares& shares, Json* family) {
  (*family)["read_amplification"] = shares.read_amplification;
  (*family)["write_amplification"] = shares.write_amplification;
  (*family)["space_amplification"] = shares.space_amplification;
  for (key::Level level = 0; level < key::kLevels; ++level) {
    Json& of_level = (*family)["levels"][level];
    of_level["target_bytes"] = shares.target[level];
    of_level["filled"] = shares.filled[level];
  }
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
                 {"families", Json::array()},
                 {"levels", Json::array()},
                 {"range_deletes", Json::array()},
                 {"log", Json::array()}};
  for (const base::Uid& ancestor : state.ancestors) object["ancestors"].push_back(UidText(ancestor));
  for (const inspect::FamilyFigures& family : inspect::FiguresByFamily(state)) {
    object["families"].push_back(FamilyJson(family));
    AddShares(inspect::SharesOf(state, family.id, PlannerSettingsOf(invocation)), &object["families"].back());
  }
  for (const auto& tables : state.levels) {
    Json level = Json::array();
    for (const tree::AddedTable& table : tables) level.push_back(TableJson(state, table));
    object["levels"].push_back(std::move(level));
  }
  for (const tree::AddedTable& table : state.range_tombstones) {
    object["range_deletes"].push_back(TableJson(state, table));
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

std::string NoFamilyText(std::span<const inspect::FamilyFigures> families, std::string_view name) {
  std::vector<std::string> names;
  for (const inspect::FamilyFigures& family : families) names.push_back(Quoted(family.name));
  return fmt::format("there is no family {}; there are {}", Quoted(name), fmt::join(names, ", "));
}

Json FamilyJson(const inspect::FamilyFigures& family) {
  const inspect::FamilyFigures::Level all = family.All();
  Json object = Json::object();
  AddBytes(&object, "name", family.name);
  object["id"] = key::Raw(family.id);
  object["order"] = JsonMessage(family.comparator_name);
  if (!family.merge_operator_name.empty()) object["merge_operator"] = JsonMessage(family.merge_operator_name);
  if (family.ttl_ms != 0) object["ttl_ms"] = family.ttl_ms;
  object["tables"] = all.tables;
  object["bytes"] = all.bytes;
  object["entries"] = all.entries;
  object["deletes"] = all.deletes;
  object["range_deletes"] = family.range_deletes;
  object["range_delete_bytes"] = family.range_delete_bytes;
  object["levels"] = Json::array();
  for (const inspect::FamilyFigures::Level& level : family.levels) {
    object["levels"].push_back(
        {{"tables", level.tables}, {"bytes", level.bytes}, {"entries", level.entries}, {"deletes", level.deletes}});
  }
  return object;
}

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
