// ingest: finished tables, as they are.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/key_notation.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

// "A..B", either side of which may be empty; or what is wrong with it.
std::expected<amethyst::KeyRange, std::string> ReplacedOf(KeyNotation notation, std::string_view text) {
  constexpr std::string_view kDots = "..";
  const size_t dots = text.find(kDots);
  if (dots == std::string_view::npos) return std::unexpected("--replace takes A..B, either side of which may be empty");
  amethyst::KeyRange range;
  const auto bound = [&](std::string_view key) -> std::expected<std::optional<std::string>, std::string> {
    if (key.empty()) return std::nullopt;
    return ParseKey(notation, key);
  };
  const auto begin = bound(text.substr(0, dots));
  if (!begin) return std::unexpected(begin.error());
  const auto end = bound(text.substr(dots + kDots.size()));
  if (!end) return std::unexpected(end.error());
  return amethyst::KeyRange{.begin = *begin, .end = *end};
}

Result<ExitCode> RunIngest(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  IngestOptions options;
  if (arguments.Has("--move") && arguments.Has("--copy")) {
    return WrongUsage(invocation, "--move and --copy exclude each other");
  }
  if (arguments.Has("--move")) options.mode = IngestMode::kMove;
  if (arguments.Has("--copy")) options.mode = IngestMode::kCopy;
  options.in_order = arguments.Has("--in-order");
  options.verify = !arguments.Has("--quick");
  if (const auto replace = arguments.Value("--replace")) {
    const auto notation = KeyNotationOf(arguments);
    if (!notation) return WrongUsage(invocation, notation.error());
    const auto range = ReplacedOf(*notation, *replace);
    if (!range) return WrongUsage(invocation, range.error());
    options.replace = *range;
  }
  AMETHYST_ASSIGN(options.family, invocation.OpenFamily(Session::Access::kCreate));
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kCreate));
  const std::vector<std::string>& words = arguments.positional();
  const std::vector<std::filesystem::path> paths(words.begin(), words.end());
  const Status ingested = database->Ingest(std::span<const std::filesystem::path>(paths), options);
  if (!ingested && ingested.error().code() == ErrorCode::kInvalidArgument) {
    return WrongUsage(invocation, ingested.error().message());
  }
  AMETHYST_TRY(ingested);
  return ExitCode::kOk;
}

constexpr OptionSpec kIngestOptions[] = {
    {.name = "--replace", .value = "A..B", .help = "delete what is there from A up to B, without B, in the same step"},
    {.name = "--in-order", .value = "", .help = "the files may overlap: a later one is newer"},
    {.name = "--move", .value = "", .help = "take the files away from where they are"},
    {.name = "--copy", .value = "", .help = "copy them, where else they are linked"},
    {.name = "--quick", .value = "", .help = "do not read all of each file first"},
    kHexOption,
    kEscapesOption,
};

constexpr Command kIngestCommands[] = {
    {.name = "ingest",
     .arguments = "FILE...",
     .summary = "Take in tables that a program has written with TableWriter, as one write",
     .details =
         "All of them appear at once, newer than everything that is there, or none does. Keys of two files must\n"
         "not overlap, unless --in-order says that they may. A file that is linked must not be changed any more.\n\n"
         "  amethyst ingest part-1.table part-2.table\n"
         "  amethyst --family prices ingest --replace .. today.table\n"
         "  amethyst ingest --move --replace price:..price; prices.table",
     .arity = {1, kAnyNumber},
     .options = kIngestOptions,
     .run = RunIngest,
     .takes_files = true,
     .of_family = true},
};

}  // namespace

std::span<const Command> IngestCommands() { return kIngestCommands; }

}  // namespace amethyst::cli
