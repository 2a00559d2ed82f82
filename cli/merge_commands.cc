// merge, incr: what is written without a read, for the family's merge operator.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/key_notation.h"
#include "cli/moments.h"
#include "cli/text.h"
#include "cli/value_notation.h"

namespace amethyst::cli {

namespace {

Result<ExitCode> Merge(const Invocation& invocation) {
  const auto keys = KeysOf(invocation.arguments, 1);
  if (!keys) return WrongUsage(invocation, keys.error());
  const auto notation = ValueNotationOf(invocation.arguments);
  if (!notation) return WrongUsage(invocation, notation.error());
  const auto operand = ParseValue(*notation, invocation.arguments.positional()[1]);
  if (!operand) return WrongUsage(invocation, operand.error());
  const auto expiry = ExpiryOf(invocation.arguments);
  if (!expiry) return WrongUsage(invocation, expiry.error());
  AMETHYST_ASSIGN(const Target target,
                  invocation.OpenTarget(Session::Access::kCreate, keys->front().size() + operand->size()));
  AMETHYST_TRY(target.Merge(keys->front(), *operand, *expiry));
  return ExitCode::kOk;
}

// The number that the key's value is, 0 without one.
Result<std::string> ReadCounter(const Target& target, const std::string& key, ValueNotation notation) {
  AMETHYST_ASSIGN(const auto value, target.Get(key));
  if (!value) return std::string("0");
  if (auto number = NumberText(notation, value->view())) return *std::move(number);
  return base::InvalidArgument("{} is no counter: its value has {}, where a number has 8", Shortened(key, 60),
                               Counted(value->view().size(), "byte", "bytes"));
}

Result<ExitCode> Increment(const Invocation& invocation) {
  const auto keys = KeysOf(invocation.arguments, 1);
  if (!keys) return WrongUsage(invocation, keys.error());
  auto notation = ValueNotationOf(invocation.arguments);
  if (!notation) return WrongUsage(invocation, notation.error());
  if (*notation == ValueNotation::kPlain) notation = ValueNotation::kInt64;
  const auto operand = ParseValue(*notation, invocation.arguments.at(1).value_or("1"));
  if (!operand) return WrongUsage(invocation, operand.error());
  AMETHYST_ASSIGN(const Target target, invocation.OpenTarget(Session::Access::kCreate));
  const std::string& key = keys->front();
  // An operand on a value of another size would make the key unreadable.
  AMETHYST_TRY(ReadCounter(target, key, *notation));
  AMETHYST_TRY(target.Merge(key, *operand));
  AMETHYST_ASSIGN(const std::string number, ReadCounter(target, key, *notation));
  Console& console = invocation.console();
  if (invocation.json) {
    fmt::print(console.out, "{{{},\"value\":{}}}\n", JsonField("key", key), number);
  } else {
    fmt::print(console.out, "{}\n", number);
  }
  return ExitCode::kOk;
}

constexpr OptionSpec kMergeOptions[] = {kTtlOption, kExpiresAtOption, kTakenAsOption, kHexOption, kEscapesOption};
constexpr OptionSpec kIncrementOptions[] = {
    {.name = "--as", .value = "TYPE", .help = "int64, or uint64 for a counter that is never below 0; else int64"},
    kHexOption,
    kEscapesOption,
};

constexpr Command kMergeCommands[] = {
    {.name = "merge",
     .arguments = "KEY OPERAND",
     .summary = "Change a value by an operand, as the family's merge operator says, without reading it",
     .details =
         "A family has its operator from `family create NAME --merge OPERATOR`. --merge before a command gives one to\n"
         "the default family, or to that of --family before it; the family keeps it from the first operand on.\n"
         "int64.add, uint64.add and bit.or take 8 bytes, which --as makes of a number; max, min, append and\n"
         "append:SEPARATOR take any bytes.\n\n"
         "  amethyst --merge append:, merge tags red\n"
         "  amethyst --family counters merge --as int64 hits 5\n"
         "  amethyst merge --ttl 1h tags blue",
     .arity = {2, 2},
     .options = kMergeOptions,
     .run = Merge,
     .of_family = true,
     .in_transaction = true},
    {.name = "incr",
     .arguments = "KEY [N]",
     .summary = "Add N, or 1, to a counter, and print what it is then; a key without a value counts as 0",
     .details =
         "For a family with the merge operator int64.add or uint64.add. N may be below 0. The number is read after it\n"
         "is written: a write of somebody else between the two would be in it.\n\n"
         "  amethyst --merge int64.add incr hits\n"
         "  amethyst --family counters incr hits 10\n"
         "  amethyst --family counters incr hits -3",
     .arity = {1, 2},
     .options = kIncrementOptions,
     .run = Increment,
     .of_family = true,
     .in_transaction = true},
};

}  // namespace

std::span<const Command> MergeCommands() { return kMergeCommands; }

}  // namespace amethyst::cli
