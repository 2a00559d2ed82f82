// verify, repair: whether all is well, and what to do if not.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "inspect/verify.h"

namespace amethyst::cli {

namespace {

Json TextsJson(const std::vector<std::string>& texts) {
  Json array = Json::array();
  for (const std::string& text : texts) array.push_back(JsonMessage(text));
  return array;
}

Json FamiliesJson(const inspect::VerifyReport& report) {
  Json array = Json::array();
  for (const inspect::VerifyReport::Family& family : report.families) {
    Json object = Json::object();
    AddBytes(&object, "name", family.name);
    object["tables"] = family.tables;
    object["bytes"] = family.bytes;
    object["entries"] = family.entries;
    object["range_deletes"] = family.range_deletes;
    array.push_back(std::move(object));
  }
  return array;
}

void PrintFamilies(Console& console, const inspect::VerifyReport& report) {
  if (report.families.size() < 2) return;
  for (const inspect::VerifyReport::Family& family : report.families) {
    fmt::print(console.out, "  {}: {}, {}, {}{}\n", Readable(family.name), Counted(family.tables, "table", "tables"),
               HumanBytes(family.bytes), Counted(family.entries, "entry", "entries"),
               family.range_deletes == 0
                   ? ""
                   : fmt::format(", {} deleted by range", Counted(family.range_deletes, "stretch", "stretches")));
  }
}

Result<ExitCode> Verify(const Invocation& invocation) {
  Session& session = invocation.session;
  Console& console = invocation.console();
  AMETHYST_TRY(session.Close());
  AMETHYST_ASSIGN(const inspect::VerifyReport report, session.WhileBusy([&] {
    return inspect::VerifyDatabase(session.environment().files(), session.settings().directory);
  }));
  if (invocation.json) {
    const Json object = {{"tables", report.tables},
                         {"table_bytes", report.table_bytes},
                         {"table_entries", report.table_entries},
                         {"log_segments", report.log_segments},
                         {"log_batches", report.log_batches},
                         {"families", FamiliesJson(report)},
                         {"problems", TextsJson(report.problems)},
                         {"notes", TextsJson(report.notes)}};
    console.out << object.dump() << '\n';
  } else {
    for (const std::string& problem : report.problems) {
      fmt::print(console.out, "{} {}\n", Colored(console.ColorsOut(), Hue::kBad, "damaged:"), problem);
    }
    for (const std::string& note : report.notes) fmt::print(console.out, "note: {}\n", note);
    fmt::print(console.out, "{}: {}, {}, {}; {}, {} of the log\n",
               report.problems.empty()
                   ? Colored(console.ColorsOut(), Hue::kGood, "all is well")
                   : Colored(console.ColorsOut(), Hue::kBad, Counted(report.problems.size(), "problem", "problems")),
               Counted(report.tables, "table", "tables"), HumanBytes(report.table_bytes),
               Counted(report.table_entries, "entry", "entries"), Counted(report.log_segments, "segment", "segments"),
               Counted(report.log_batches, "batch", "batches"));
    PrintFamilies(console, report);
  }
  return report.problems.empty() ? ExitCode::kOk : ExitCode::kError;
}

Result<ExitCode> Repair(const Invocation& invocation) {
  Session& session = invocation.session;
  Console& console = invocation.console();
  const std::string to(*invocation.arguments.at(0));
  AMETHYST_TRY(session.Close());
  AMETHYST_ASSIGN(const RepairReport report,
                  session.WhileBusy([&] { return DB::Repair(session.settings().directory, to); }));
  const ExitCode outcome = report.dropped.empty() ? ExitCode::kOk : ExitCode::kNotFound;
  if (invocation.json) {
    const Json object = {{"directory", JsonMessage(to)},
                         {"tables_kept", report.tables_kept},
                         {"entries_kept", report.entries_kept},
                         {"log_batches_kept", report.log_batches_kept},
                         {"dropped", TextsJson(report.dropped)}};
    console.out << object.dump() << '\n';
    return outcome;
  }
  for (const std::string& line : report.dropped) {
    fmt::print(console.out, "{} {}\n", Colored(console.ColorsOut(), Hue::kBad, "dropped:"), line);
  }
  fmt::print(console.out, "saved {} in {}, from {} and {} of the log; {} is as it was\n",
             Counted(report.entries_kept, "key", "keys"), to, Counted(report.tables_kept, "table", "tables"),
             Counted(report.log_batches_kept, "batch", "batches"), session.settings().directory);
  return outcome;
}

constexpr Command kSafetyCommands[] = {
    {.name = "verify",
     .arguments = "",
     .summary = "Check every checksum, the order of all keys, and the files against the manifest",
     .details = "Reads everything, changes nothing. Exit code 3 if there is any problem; all are listed.\n\n"
                "  amethyst verify\n  amethyst --db backup verify --json",
     .arity = {0, 0},
     .options = {},
     .run = Verify},
    {.name = "repair",
     .arguments = "NEW_DIRECTORY",
     .summary = "Save what can be read of a damaged database into a new one, and list what was lost",
     .details =
         "The damaged database is not changed. What a damaged block, table or log record held is lost, all else is\n"
         "saved; where the list of tables itself is lost, a key that was deleted may come back. Exit code 1 if "
         "anything\n"
         "was dropped.\n\n"
         "  amethyst --db broken repair saved\n  amethyst --db saved verify",
     .arity = {1, 1},
     .options = {},
     .run = Repair,
     .takes_files = true},
};

}  // namespace

std::span<const Command> SafetyCommands() { return kSafetyCommands; }

}  // namespace amethyst::cli
