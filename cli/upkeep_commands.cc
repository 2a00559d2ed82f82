// flush, compact, clear: what changes the files but not, or wholly, what they hold.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <chrono>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/key_notation.h"
#include "cli/key_range.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

constexpr std::chrono::milliseconds kLookInterval{100};

Result<ExitCode> Flush(const Invocation& invocation) {
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kModify));
  AMETHYST_TRY(database->Flush());
  return ExitCode::kOk;
}

Result<ExitCode> Compact(const Invocation& invocation) {
  const auto range = KeyRange::Of(invocation.arguments);
  if (!range) return WrongUsage(invocation, range.error());
  AMETHYST_ASSIGN(const Family family, invocation.OpenFamily(Session::Access::kModify));
  DB* const database = invocation.session.open_database();
  const uint64_t before = database->GetStats().compaction_bytes_read;
  const auto moved = [&] { return Progress::Moved{.bytes = database->GetStats().compaction_bytes_read - before}; };
  Progress progress(invocation, "compacted", 0);
  {
    std::unique_ptr<io::Executor> threads;
    std::unique_ptr<io::PeriodicJob> watch;  // Ends, and with it all use of `progress`, before this thread goes on.
    if (invocation.console().err_is_terminal) {
      AMETHYST_ASSIGN(threads, invocation.session.environment().NewExecutor(1));
      AMETHYST_ASSIGN(watch, threads->ScheduleEvery(kLookInterval, [&] { progress.Show(moved(), 0); }));
    }
    AMETHYST_TRY(family.CompactRange(range->from, range->to));
  }
  progress.Finish(moved());
  return ExitCode::kOk;
}

Result<ExitCode> Clear(const Invocation& invocation) {
  Session& session = invocation.session;
  AMETHYST_TRY(session.CheckWritable());
  const std::string& directory = session.settings().directory;
  if (session.family() != kDefaultFamily) {  // Who works in one family may mean to clear that.
    return WrongUsage(invocation, fmt::format("it removes all families: leave {} first, with `use default`; "
                                              "`deleteprefix ''` removes what is in a family",
                                              Readable(session.family())));
  }
  if (const auto unconfirmed = Unconfirmed(invocation, fmt::format("remove all of {}", directory))) return *unconfirmed;
  AMETHYST_TRY(session.Close());
  AMETHYST_TRY(session.WhileBusy([&] { return DB::Destroy(directory); }));
  return ExitCode::kOk;
}

constexpr OptionSpec kCompactOptions[] = {kHexOption, kEscapesOption};
constexpr OptionSpec kClearOptions[] = {kYesOption};

constexpr Command kUpkeepCommands[] = {
    {.name = "flush",
     .arguments = "",
     .summary = "Write what is in memory to tables",
     .details = "Nothing is at risk without it: the write-ahead log holds what memory holds.\n\n  amethyst flush",
     .arity = {0, 0},
     .options = {},
     .run = Flush},
    {.name = "compact",
     .arguments = "[FROM [TO]]",
     .summary = "Rewrite all tables that hold keys from FROM up to TO, dropping what is deleted or replaced",
     .details = "It happens by itself in the background; this is for those who want the space now. Tells on\n"
                "standard error how much it read, and on a terminal how far it is.\n\n"
                "  amethyst compact\n  amethyst compact a m",
     .arity = {0, 2},
     .options = kCompactOptions,
     .run = Compact,
     .of_family = true},
    {.name = "clear",
     .arguments = "",
     .summary = "Remove the database: all entries of all families, and its files",
     .details = "Files that are not the database's stay. Asks first; without a terminal it wants --yes.\n\n  amethyst "
                "clear --yes",
     .arity = {0, 0},
     .options = kClearOptions,
     .run = Clear},
};

}  // namespace

std::span<const Command> UpkeepCommands() { return kUpkeepCommands; }

}  // namespace amethyst::cli
