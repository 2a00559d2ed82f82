// families, family, use: the maps of keys that the database has, and which of them commands act on.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/family_settings.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

// The settings and figures that JSON has beside.
std::string FiguresJson(const Family& family) {
  const std::string merge_operator = family.merge_operator();
  std::string json;
  if (!merge_operator.empty()) json += "," + JsonField("merge_operator", merge_operator);
  if (family.ttl().count() != 0) json += fmt::format(",\"ttl_ms\":{}", family.ttl().count());
  const Result<FamilyStats> stats = family.GetStats();
  if (!stats) return json;
  const LevelStats total = stats->Total();
  return json + fmt::format(",\"tables\":{},\"entries\":{},\"deletes\":{},\"range_deletes\":{}", total.tables,
                            total.entries, total.deletes, stats->range_deletes);
}

// About how much of disk and memory its entries take; nullopt: its order cannot tell.
std::optional<uint64_t> BytesOf(const Family& family) {
  constexpr size_t kLastBytes = 4'096;  // Nearly all keys come before a key of that many 0xff bytes.
  const std::string last(kLastBytes, '\xff');
  const Result<uint64_t> bytes = family.ApproximateSize("", last);
  return bytes ? std::optional(*bytes) : std::nullopt;
}

Result<ExitCode> Families(const Invocation& invocation) {
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kRead));
  Console& console = invocation.console();
  for (const std::string& name : database->FamilyNames()) {
    AMETHYST_ASSIGN(const Family family, database->OpenFamily(name));
    const auto bytes = BytesOf(family);
    if (invocation.json) {
      fmt::print(console.out, "{{{},\"id\":{},\"bytes\":{}{}}}\n", JsonField("name", name), family.id(),
                 bytes ? fmt::format("{}", *bytes) : "null", FiguresJson(family));
    } else {
      fmt::print(console.out, "{}\t{}\n", Colored(console.ColorsOut(), Hue::kKey, Readable(name)),
                 bytes ? HumanBytes(*bytes) : "?");
    }
  }
  return ExitCode::kOk;
}

// What the database says against a name or an option is wrong usage.
Result<ExitCode> Answer(const Invocation& invocation, const Status& status) {
  if (status) return ExitCode::kOk;
  if (status.error().code() != ErrorCode::kInvalidArgument) return std::unexpected(status.error());
  return WrongUsage(invocation, status.error().message());
}

Result<ExitCode> Create(const Invocation& invocation, const std::string& name) {
  const auto options = FamilyOptionsOf(invocation.arguments);
  if (!options) return WrongUsage(invocation, options.error());
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kCreate));
  const auto created = database->CreateFamily(name, *options);
  return Answer(invocation, created ? Status() : std::unexpected(created.error()));
}

Result<ExitCode> Drop(const Invocation& invocation, const std::string& name) {
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kModify));
  const auto family = database->OpenFamily(name);
  if (!family) return Answer(invocation, std::unexpected(family.error()));
  if (name != kDefaultFamily) {  // Which the database refuses to drop.
    const auto bytes = BytesOf(*family);
    const std::string deed = fmt::format("drop family {} with all its entries{}", Readable(name),
                                         bytes ? fmt::format(", about {}", HumanBytes(*bytes)) : "");
    if (const auto unconfirmed = Unconfirmed(invocation, deed)) return *unconfirmed;
  }
  return Answer(invocation, database->DropFamily(*family));
}

Result<ExitCode> Rename(const Invocation& invocation, const std::string& name) {
  Session& session = invocation.session;
  AMETHYST_ASSIGN(DB* const database, session.Database(Session::Access::kModify));
  const auto family = database->OpenFamily(name);
  if (!family) return Answer(invocation, std::unexpected(family.error()));
  const std::string new_name(*invocation.arguments.at(2));
  const Status renamed = database->RenameFamily(*family, new_name);
  if (renamed && session.family() == name) session.Use(new_name);
  return Answer(invocation, renamed);
}

struct Deed {
  std::string_view name;
  size_t arguments;
  std::span<const OptionSpec> options;
  Result<ExitCode> (*run)(const Invocation& invocation, const std::string& name);
};
constexpr OptionSpec kDropOptions[] = {kYesOption};
constexpr Deed kDeeds[] = {
    {.name = "create", .arguments = 2, .options = kFamilySettings, .run = Create},
    {.name = "drop", .arguments = 2, .options = kDropOptions, .run = Drop},
    {.name = "rename", .arguments = 3, .options = {}, .run = Rename},
};
constexpr std::string_view kDeedNames[] = {"create", "drop", "rename"};
constexpr auto kAllOptions = [] {
  std::array<OptionSpec, std::size(kFamilySettings) + std::size(kDropOptions)> all;
  std::ranges::copy(kDropOptions, std::ranges::copy(kFamilySettings, all.begin()).out);
  return all;
}();

Result<ExitCode> RunFamily(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  const std::string& word = arguments.positional().front();
  const auto* const deed = std::ranges::find(kDeeds, word, &Deed::name);
  if (deed == std::end(kDeeds)) {
    return WrongUsage(invocation, fmt::format("it is create, drop or rename, not {}", Shortened(word, 40)));
  }
  if (arguments.positional().size() != deed->arguments) {
    return WrongUsage(invocation,
                      fmt::format("{} takes {}", word, deed->arguments == 2 ? "NAME" : "NAME and NEW_NAME"));
  }
  for (const OptionSpec& option : kAllOptions) {
    const bool is_its = std::ranges::find(deed->options, option.name, &OptionSpec::name) != deed->options.end();
    if (arguments.Has(option.name) && !is_its) {
      return WrongUsage(invocation, fmt::format("{} is not for {}", option.name, word));
    }
  }
  return deed->run(invocation, arguments.positional()[1]);
}

Result<ExitCode> Use(const Invocation& invocation) {
  if (!invocation.from_lines) {
    return WrongUsage(invocation, "it is for lines of the prompt or a pipe; --family NAME stands before a command");
  }
  Session& session = invocation.session;
  const std::string& name = invocation.arguments.positional().front();
  // A script goes on behind an error: what follows then fails as well, and hits no family that was not meant.
  if (invocation.scripted || name == kDefaultFamily) session.Use(name);
  if (name == kDefaultFamily) return ExitCode::kOk;  // Also where there is no database yet.
  AMETHYST_ASSIGN(DB* const database, session.Database(Session::Access::kRead));
  const auto family = database->OpenFamily(name);
  if (!family) return Answer(invocation, std::unexpected(family.error()));
  session.Use(name);
  return ExitCode::kOk;
}

constexpr Command kFamilyCommands[] = {
    {.name = "families",
     .arguments = "",
     .summary = "List the families of the database, and about how much each of them takes",
     .details = "A family is a map of keys of its own. The one called default is always there.\n\n"
                "  amethyst families\n  amethyst families --json",
     .arity = {0, 0},
     .options = {},
     .run = Families,
     .in_transaction = true},
    {.name = "family",
     .arguments = "create|drop|rename NAME [NEW_NAME]",
     .summary = "Make a family, drop one with all that is in it, or give one another name",
     .details = "The options but --yes are those of create; the family keeps what it is made with. drop asks first;\n"
                "without a terminal it wants --yes.\n\n"
                "  amethyst family create users\n"
                "  amethyst family create sessions --ttl 30m --compression zstd\n"
                "  amethyst family create counters --merge int64.add\n"
                "  amethyst family rename users people\n"
                "  amethyst family drop people --yes",
     .arity = {2, 3},
     .options = kAllOptions,
     .run = RunFamily,
     .first_words = kDeedNames},
    {.name = "use",
     .arguments = "NAME",
     .summary = "Let the commands that follow act on that family; `use default` goes back",
     .details = "For lines of the prompt or a pipe. Where a pipe names a family that is not there, the commands that\n"
                "follow fail as well.\n\n"
                "  printf 'use users\\nput 7 ada\\nscan\\n' | amethyst\n"
                "  amethyst --family users scan",
     .arity = {1, 1},
     .options = {},
     .run = Use,
     .in_transaction = true},
};

}  // namespace

std::span<const Command> FamilyCommands() { return kFamilyCommands; }

}  // namespace amethyst::cli
