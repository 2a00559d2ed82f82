// scan, count, deleterange, deleteprefix: what is done with a range of keys.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <expected>
#include <optional>
#include <string>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/key_notation.h"
#include "cli/key_range.h"
#include "cli/moments.h"
#include "cli/text.h"
#include "cli/value_notation.h"

namespace amethyst::cli {

namespace {

struct ScanOptions {
  uint64_t limit = UINT64_MAX;
  bool reverse = false;
  bool keys_only = false;
  KeyNotation notation = KeyNotation::kPlain;
  ValueNotation values = ValueNotation::kPlain;
};

// One line for the entry.
void PrintEntry(const Invocation& invocation, const Iterator& it, const ScanOptions& options) {
  Console& console = invocation.console();
  if (invocation.json) {
    console.out << '{' << JsonField("key", it.key());
    if (!options.keys_only) console.out << ',' << JsonValueField(options.values, it.value());
    console.out << JsonExpiry(it.expires_at()) << "}\n";
    return;
  }
  console.out << Colored(console.ColorsOut(), Hue::kKey, KeyText(options.notation, it.key()));
  if (!options.keys_only) {
    const auto number = NumberText(options.values, it.value());
    console.out << '\t' << (number ? *number : Readable(it.value()));
  }
  console.out << '\n';
}

Result<ExitCode> Scan(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  const auto range = KeyRange::Of(arguments);
  if (!range) return WrongUsage(invocation, range.error());
  const auto values = ValueNotationOf(arguments);
  if (!values) return WrongUsage(invocation, values.error());
  const ScanOptions options{.limit = arguments.Number("--limit").value_or(UINT64_MAX),
                            .reverse = arguments.Has("--reverse"),
                            .keys_only = arguments.Has("--keys-only"),
                            .notation = *KeyNotationOf(arguments),  // Which the range has checked.
                            .values = *values};
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kRead));
  Iterator it = target.NewIterator(range->ToRead());
  options.reverse ? it.SeekToLast() : it.SeekToFirst();
  const std::ostream& out = invocation.console().out;
  for (uint64_t left = options.limit; left > 0 && it.Valid() && out.good() && !invocation.interrupted(); --left) {
    PrintEntry(invocation, it, options);
    options.reverse ? it.Prev() : it.Next();
  }
  if (const Status status = it.status(); !status) return std::unexpected(status.error());
  return ExitCode::kOk;
}

// How many keys the range holds; nullopt: the count was interrupted.
Result<std::optional<uint64_t>> KeysIn(const Invocation& invocation, const Target& target, const KeyRange& range) {
  uint64_t count = 0;
  Iterator it = target.NewIterator(range.ToRead());
  EntryView room[256];
  for (it.SeekToFirst(); it.Valid() && !invocation.interrupted(); it.Next()) count += it.NextBatch(room).size();
  AMETHYST_TRY(it.status());
  return invocation.interrupted() ? std::nullopt : std::optional(count);
}

Result<ExitCode> Count(const Invocation& invocation) {
  const auto range = KeyRange::Of(invocation.arguments);
  if (!range) return WrongUsage(invocation, range.error());
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kRead));
  AMETHYST_ASSIGN(const std::optional<uint64_t> count, KeysIn(invocation, target, *range));
  if (!count) return ExitCode::kInterrupted;
  invocation.console().out << (invocation.json ? fmt::format("{{\"count\":{}}}\n", *count)
                                               : fmt::format("{}\n", *count));
  return ExitCode::kOk;
}

Result<ExitCode> Remove(const Invocation& invocation, const std::expected<KeyRange, std::string>& range) {
  if (!range) return WrongUsage(invocation, range.error());
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kModify));
  const bool quiet = invocation.arguments.Has("--quiet");
  std::optional<uint64_t> count = 0;
  if (!quiet) {
    AMETHYST_ASSIGN(count, KeysIn(invocation, target, *range));
  }
  if (!count) return ExitCode::kInterrupted;
  AMETHYST_TRY(target.DeleteRange(range->from, range->to));
  if (!quiet) {
    invocation.console().out << (invocation.json ? fmt::format("{{\"removed\":{}}}\n", *count)
                                                 : fmt::format("{}\n", *count));
  }
  return ExitCode::kOk;
}

Result<ExitCode> DeleteRange(const Invocation& invocation) {
  return Remove(invocation, KeyRange::Of(invocation.arguments));
}

Result<ExitCode> DeletePrefix(const Invocation& invocation) {
  return Remove(invocation, KeyRange::OfPrefix(invocation.arguments, *invocation.arguments.at(0)));
}

constexpr OptionSpec kPrefix{.name = "--prefix", .value = "P", .help = "only keys that begin with P"};
constexpr OptionSpec kScanOptions[] = {
    kPrefix,
    {.name = "--limit", .value = "N", .help = "stop after N entries", .number = true},
    {.name = "--reverse", .value = "", .help = "from the last key to the first"},
    {.name = "--keys-only", .value = "", .help = "leave the values out"},
    kPrintedAsOption,
    kHexOption,
    kEscapesOption,
};
constexpr OptionSpec kCountOptions[] = {kPrefix, kHexOption, kEscapesOption};
constexpr OptionSpec kDeleteRangeOptions[] = {
    {.name = "--quiet", .value = "", .help = "print nothing, and do not count the keys first"},
    kHexOption,
    kEscapesOption,
};

constexpr Command kRangeCommands[] = {
    {.name = "scan",
     .arguments = "[FROM [TO]]",
     .summary = "Print keys and values in order, from FROM up to but not including TO",
     .details =
         "One entry a line, key and value with a tab between; with --json one object a line, with\n"
         "expires_at where it expires. What is no printable text stands between double quotes, with escapes. A key\n"
         "printed with --hex or --escapes can be given to any command with the same option; --escapes also takes the\n"
         "quoted keys that scan prints without it.\n\n"
         "  amethyst scan apple banana\n"
         "  amethyst scan --prefix user: --limit 20\n"
         "  amethyst scan --reverse --limit 1 --keys-only\n"
         "  amethyst scan --hex --keys-only | xargs amethyst delete --hex",
     .arity = {0, 2},
     .options = kScanOptions,
     .run = Scan,
     .of_family = true,
     .in_transaction = true},
    {.name = "count",
     .arguments = "[FROM [TO]]",
     .summary = "Count the keys from FROM up to but not including TO",
     .details = "  amethyst count\n  amethyst count --prefix user:",
     .arity = {0, 2},
     .options = kCountOptions,
     .run = Count,
     .of_family = true,
     .in_transaction = true},
    {.name = "deleterange",
     .arguments = "FROM [TO]",
     .summary = "Remove the keys from FROM up to but not including TO, all at once, and print how many there were",
     .details =
         "However many they are, it is one write; only to count them takes time. Without TO the range goes up to\n"
         "the last key, and the FROM '' stands for the first one.\n\n"
         "  amethyst deleterange apple banana\n"
         "  amethyst deleterange --quiet 2024 2025\n"
         "  amethyst deleterange '' banana",
     .arity = {1, 2},
     .options = kDeleteRangeOptions,
     .run = DeleteRange,
     .of_family = true,
     .in_transaction = true},
    {.name = "deleteprefix",
     .arguments = "PREFIX",
     .summary = "Remove the keys that begin with PREFIX, all at once, and print how many there were",
     .details = "It is one write, as deleterange is. All keys begin with ''.\n\n"
                "  amethyst deleteprefix user:\n"
                "  amethyst deleteprefix --hex 00ff",
     .arity = {1, 1},
     .options = kDeleteRangeOptions,
     .run = DeletePrefix,
     .of_family = true,
     .in_transaction = true},
};

}  // namespace

std::span<const Command> RangeCommands() { return kRangeCommands; }

}  // namespace amethyst::cli
