// checkpoint, backup, backups, restore, prune: copies of the database, while it is used.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <chrono>
#include <string>
#include <vector>

#include "amethyst/backup.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/hand_over.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

constexpr OptionSpec kToOption{
    .name = "--to", .value = "COMMAND", .help = "run it for each file not yet handed to it: $1 path, $2 name"};
constexpr OptionSpec kVerifyOption{.name = "--verify", .value = "", .help = "read all of each and compare it"};

Components ComponentsOf(const Invocation& invocation) {
  Components components;
  components.environment = invocation.session.shared_environment();
  return components;
}

Result<BackupStore> OpenStore(const Invocation& invocation, size_t argument) {
  return BackupStore::Open(std::string(*invocation.arguments.at(argument)), ComponentsOf(invocation));
}

// The bytes that a long call moves, shown as it goes, and told at its end.
class Meter {
 public:
  Meter(const Invocation& invocation, std::string_view verb) : invocation_(invocation), verb_(verb) {}

  [[nodiscard]] BackupProgress Watch() {
    return [this](uint64_t done, uint64_t total) {
      if (!progress_) progress_.emplace(invocation_, verb_, total);
      done_ = done;
      progress_->Show({.bytes = done}, done);
      return !invocation_.interrupted();
    };
  }
  void Finish() {
    if (!progress_) progress_.emplace(invocation_, verb_, 0);
    progress_->Finish({.bytes = done_});
  }

 private:
  const Invocation& invocation_;
  const std::string_view verb_;
  std::optional<Progress> progress_;
  uint64_t done_ = 0;
};

// What a call that was ended by an interrupt comes to.
template <typename T>
Result<ExitCode> Outcome(const Invocation& invocation, const Result<T>& result) {
  if (result) return ExitCode::kOk;
  if (invocation.interrupted() && result.error().code() == ErrorCode::kClosed) return ExitCode::kInterrupted;
  return std::unexpected(result.error());
}

std::optional<uint64_t> NumberAt(const Invocation& invocation, size_t argument) {
  return ParseNumber(*invocation.arguments.at(argument));
}

Result<ExitCode> Checkpoint(const Invocation& invocation) {
  const std::string to(*invocation.arguments.at(0));
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kRead));
  AMETHYST_TRY(database->Checkpoint(to));
  if (!invocation.json) fmt::print(invocation.console().err, "made {}, a database of its own\n", to);
  return ExitCode::kOk;
}

Result<ExitCode> Backup(const Invocation& invocation) {
  AMETHYST_ASSIGN(BackupStore store, OpenStore(invocation, 0));
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kRead));
  Meter meter(invocation, "copied");
  const Result<uint64_t> id = invocation.session.WhileBusy([&] { return store.Create(*database, meter.Watch()); });
  if (!id) return Outcome(invocation, id);
  meter.Finish();
  // Before the tool begins, for the backup stays whatever becomes of that.
  invocation.console().out << (invocation.json ? fmt::format("{{\"id\":{}}}\n", *id) : fmt::format("{}\n", *id))
                           << std::flush;
  const auto command = invocation.arguments.Value(kToOption.name);
  if (!command) return ExitCode::kOk;
  const Result<HandedOver> handed =
      HandOver(invocation.session.shared_environment()->files(), std::string(*invocation.arguments.at(0)),
               std::string(*command), [&] { return !invocation.interrupted(); });
  if (handed && !invocation.json) {
    fmt::print(invocation.console().err, "handed over {}, {}\n", Counted(handed->files, "file", "files"),
               HumanBytes(handed->bytes));
  }
  return Outcome(invocation, handed);
}

Json BackupJson(const BackupInfo& backup) {
  if (!backup.problem.empty()) return {{"id", backup.id}, {"problem", JsonMessage(backup.problem)}};
  return {{"id", backup.id},
          {"created", MomentText(backup.created)},
          {"database", backup.database},
          {"tables", backup.tables},
          {"bytes", backup.bytes},
          {"new_bytes", backup.new_bytes}};
}

// What is wrong with a backup, as far as it was looked at; empty: nothing.
Result<std::string> ProblemOf(const Invocation& invocation, BackupStore& store, const BackupInfo& backup) {
  if (!backup.problem.empty() || !invocation.arguments.Has(kVerifyOption.name)) return backup.problem;
  Meter meter(invocation, "read");
  const Status verified = store.Verify(backup.id, meter.Watch());
  if (verified) return std::string();
  if (verified.error().code() == ErrorCode::kCorruption) return verified.error().message();
  return std::unexpected(verified.error());
}

Result<ExitCode> Backups(const Invocation& invocation) {
  Console& console = invocation.console();
  AMETHYST_ASSIGN(BackupStore store, OpenStore(invocation, 0));
  AMETHYST_ASSIGN(const std::vector<BackupInfo> backups, invocation.session.WhileBusy([&] { return store.List(); }));
  const bool verifies = invocation.arguments.Has(kVerifyOption.name);
  ExitCode outcome = ExitCode::kOk;
  for (const BackupInfo& backup : backups) {
    const Result<std::string> problem = ProblemOf(invocation, store, backup);
    if (!problem) return Outcome(invocation, problem);
    if (!problem->empty()) outcome = ExitCode::kError;
    if (invocation.json) {
      Json object = BackupJson(backup);
      if (!problem->empty()) object["problem"] = JsonMessage(*problem);
      console.out << object.dump() << '\n';
    } else if (!problem->empty()) {
      fmt::print(console.out, "{}  {} {}\n", backup.id, Colored(console.ColorsOut(), Hue::kBad, "damaged:"), *problem);
    } else {
      fmt::print(console.out, "{}  {}  {}, {}, {} new{}\n", backup.id, MomentText(backup.created),
                 Counted(backup.tables, "table", "tables"), HumanBytes(backup.bytes), HumanBytes(backup.new_bytes),
                 verifies ? ", whole" : "");
    }
  }
  return outcome;
}

Result<ExitCode> Restore(const Invocation& invocation) {
  const std::string to(*invocation.arguments.at(2));
  const std::optional<uint64_t> id = NumberAt(invocation, 1);
  if (!id) return WrongUsage(invocation, "ID is the number of a backup, as `backups` lists them");
  AMETHYST_ASSIGN(BackupStore store, OpenStore(invocation, 0));
  Meter meter(invocation, "restored");
  const Status restored = invocation.session.WhileBusy([&] { return store.Restore(*id, to, meter.Watch()); });
  if (restored) meter.Finish();
  return Outcome(invocation, restored);
}

Result<ExitCode> Prune(const Invocation& invocation) {
  const std::optional<uint64_t> keep = NumberAt(invocation, 1);
  if (!keep || *keep == 0) return WrongUsage(invocation, "KEEP is how many backups of each database stay, at least 1");
  AMETHYST_ASSIGN(BackupStore store, OpenStore(invocation, 0));
  AMETHYST_ASSIGN(const PruneReport report, invocation.session.WhileBusy([&] { return store.Prune(*keep); }));
  if (invocation.json) {
    const Json object = {{"backups_removed", report.backups_removed},
                         {"tables_removed", report.tables_removed},
                         {"bytes_removed", report.bytes_removed}};
    invocation.console().out << object.dump() << '\n';
  } else {
    fmt::print(invocation.console().out, "removed {} and {} that none is made of, {}\n",
               Counted(report.backups_removed, "backup", "backups"), Counted(report.tables_removed, "table", "tables"),
               HumanBytes(report.bytes_removed));
  }
  return ExitCode::kOk;
}

constexpr OptionSpec kBackupOptions[] = {kToOption};
constexpr OptionSpec kBackupsOptions[] = {kVerifyOption};

constexpr Command kCopyCommands[] = {
    {.name = "checkpoint",
     .arguments = "NEW_DIRECTORY",
     .summary = "Make a copy of the database, as of this moment, in a new directory",
     .details =
         "On the same file system the copy shares its tables with the database, by links: it is made in no time and\n"
         "takes no space until the database has replaced them. It is whole, or not there: what an interrupted one\n"
         "leaves has \".unfinished\" behind its name, and goes when it is made again. A running application may go\n"
         "on writing meanwhile.\n\n"
         "  amethyst checkpoint before-upgrade\n  amethyst --db before-upgrade verify",
     .arity = {1, 1},
     .options = {},
     .run = Checkpoint,
     .takes_files = true},
    {.name = "backup",
     .arguments = "STORE",
     .summary = "Add a backup of the database to the store of backups in directory STORE, made if need be",
     .details = "Reads and copies only tables that the store does not have yet, each verified on the way. Prints the\n"
                "backup's number. A running application may go on writing meanwhile.\n\n"
                "With --to COMMAND the shell then runs COMMAND for each file of the store that it has not been handed\n"
                "yet, the tables of a backup before its list. It has stored the file if it ends with 0; else the\n"
                "exit code is 3, the backup stays in the store, and the next run goes on with that file.\n\n"
                "  amethyst backup /backups/shop\n  amethyst --wait 60s backup /backups/shop\n"
                "  amethyst backup /backups/shop --to 'rclone copyto \"$1\" \"remote:shop/$2\"'",
     .arity = {1, 1},
     .options = kBackupOptions,
     .run = Backup,
     .takes_files = true},
    {.name = "backups",
     .arguments = "STORE",
     .summary = "List the backups of a store, and verify them if asked to",
     .details = "Shows of each its number, when it was made, what it is made of, and how much of that was new then.\n"
                "Exit code 3 if one is damaged.\n\n  amethyst backups /backups/shop\n  amethyst backups /backups/shop "
                "--verify --json",
     .arity = {1, 1},
     .options = kBackupsOptions,
     .run = Backups,
     .takes_files = true},
    {.name = "restore",
     .arguments = "STORE ID NEW_DIRECTORY",
     .summary = "Make a database of a backup, in a new directory",
     .details = "Everything is verified while it is copied. The new directory is whole, or not there.\n\n"
                "  amethyst restore /backups/shop 12 restored\n  amethyst --db restored count",
     .arity = {3, 3},
     .options = {},
     .run = Restore,
     .takes_files = true},
    {.name = "prune",
     .arguments = "STORE KEEP",
     .summary = "Remove all but the last KEEP backups of each database from a store",
     .details = "Then tables that no backup is made of any more, and what crashes have left.\n\n"
                "  amethyst prune /backups/shop 7",
     .arity = {2, 2},
     .options = {},
     .run = Prune,
     .takes_files = true},
};

}  // namespace

std::span<const Command> CopyCommands() { return kCopyCommands; }

}  // namespace amethyst::cli
