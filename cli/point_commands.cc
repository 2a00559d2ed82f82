// put, get, delete: one key at a time.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "cli/commands.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

void Confirm(const Invocation& invocation, std::string_view what) {
  if (invocation.scripted || invocation.json) return;
  Console& console = invocation.console();
  fmt::print(console.out, "{}\n", Colored(console.ColorsOut(), Hue::kGood, what));
}

Result<ExitCode> Put(const Invocation& invocation) {
  const auto& words = invocation.arguments.positional();
  auto database = invocation.session.Database(Session::Access::kCreate, words[0].size() + words[1].size());
  if (!database) return std::unexpected(database.error());
  if (const Status written = (*database)->Put(words[0], words[1]); !written) return std::unexpected(written.error());
  Confirm(invocation, "ok");
  return ExitCode::kOk;
}

Result<ExitCode> Get(const Invocation& invocation) {
  const std::string& key = invocation.arguments.positional().front();
  auto database = invocation.session.Database(Session::Access::kRead);
  if (!database) return std::unexpected(database.error());
  const auto value = (*database)->Get(key);
  if (!value) return std::unexpected(value.error());
  Console& console = invocation.console();
  if (invocation.json) {
    fmt::print(console.out, "{{{},{}}}\n", JsonField("key", key),
               *value ? JsonField("value", **value) : "\"value\":null");
  } else if (!*value) {
    fmt::print(console.err, "not found: {}\n", Shortened(key, 60));
  } else if (invocation.arguments.Has("--raw")) {
    console.out << **value;
  } else {
    console.out << (value->value().empty() ? std::string() : Readable(**value)) << '\n';
  }
  return *value ? ExitCode::kOk : ExitCode::kNotFound;
}

Result<ExitCode> Delete(const Invocation& invocation) {
  auto database = invocation.session.Database(Session::Access::kModify);
  if (!database) return std::unexpected(database.error());
  WriteBatch batch;
  for (const std::string& key : invocation.arguments.positional()) batch.Delete(key);
  if (const Status written = (*database)->Write(batch); !written) return std::unexpected(written.error());
  Confirm(invocation, "ok");
  return ExitCode::kOk;
}

constexpr OptionSpec kGetOptions[] = {
    {.name = "--raw", .value = "", .help = "the value's exact bytes, without a line end"},
};

constexpr Command kCommands[] = {
    {.name = "put",
     .arguments = "KEY VALUE",
     .summary = "Store a value under a key, in place of any value before",
     .details = "Prints nothing in a script. A database that is not there is created.\n\n"
                "  amethyst put apple artichoke\n"
                "  amethyst put \"two words\" ''\n"
                "  echo 'put \"\\x00\\xff\" \"binary key\"' | amethyst",
     .arity = {2, 2},
     .options = {},
     .run = Put},
    {.name = "get",
     .arguments = "KEY",
     .summary = "Print the value of a key; exit code 1 if there is none",
     .details = "A value that is no printable text stands between quotes, with \\xNN for its other bytes.\n\n"
                "  amethyst get apple\n"
                "  amethyst get --raw photo > photo.jpg\n"
                "  amethyst get --json apple",
     .arity = {1, 1},
     .options = kGetOptions,
     .run = Get},
    {.name = "delete",
     .arguments = "KEY...",
     .summary = "Remove keys, all at once; absent ones are no error",
     .details = "  amethyst delete apple banana",
     .arity = {1, kAnyNumber},
     .options = {},
     .run = Delete},
};

}  // namespace

std::span<const Command> PointCommands() { return kCommands; }

}  // namespace amethyst::cli
